"""The table of districts in PostgreSQL: it sorts and narrows as on SQLite, also where something never came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from subgroup_pipeline.desk.district_table import SORTS, Asked, district_table
from subgroup_pipeline.desk.overview import glance
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.schema import Delivery, District, FindingRow, Invitation
from subgroup_pipeline.settings import load_settings

pytestmark = pytest.mark.needs_postgres
NOW = datetime.now(UTC)


def test_every_sort_and_filter(tmp_path: Path, postgres_url: str) -> None:
    settings = load_settings(home=tmp_path / "home", database_url=postgres_url)
    registry = open_registry(settings)
    hour = timedelta(hours=1)
    with registry.begin() as session:
        session.add_all(
            District(district_id=key, name=f"Made-up {key}", settings_version=1, created_at=NOW) for key in ("elm", "oak", "yew")
        )
        session.flush()
        for key, feed, state, at in (("elm", "roster", "published", NOW - hour), ("oak", "roster", "held", NOW)):
            row = {"district_id": key, "feed": feed, "state": state, "verdict": None, "sha256": "a" * 64, "received_at": at}
            session.add(Delivery(delivery_id=f"20260101T000000-{key}", **row))
        late = {"stage": "schedule", "code": "LAG901", "severity": "warning", "count": 1, "message": "-", "how_to_fix": "-"}
        session.add(FindingRow(district_id="yew", lines=[], found_at=NOW, **late))
        session.add(Invitation(token_sha256="-", district_id="yew", made_at=NOW, made_by="-", expires_at=NOW + hour))

    def keys(**asked: object) -> list[str]:
        return [row.district_id for row in district_table(registry, Asked(**asked)).rows]  # type: ignore[arg-type]

    first = {sort: (keys(sort=sort)[0], keys(sort=f"-{sort}")[0]) for sort in SORTS}
    assert first == {
        "name": ("elm", "yew"),
        "roster": ("yew", "oak"),
        "subgroups": ("elm", "elm"),
        "held": ("elm", "oak"),
        "late": ("elm", "yew"),
        "published": ("oak", "elm"),
        "access": ("elm", "yew"),
    }
    narrowed = {name: keys(only=frozenset([name])) for name in ("held", "late", "never", "fault")}
    assert narrowed == {"held": ["oak"], "late": ["yew"], "never": ["yew"], "fault": []}
    assert keys(text="UP y") == ["yew"]
    seen = glance(registry, settings)
    assert (seen.districts, seen.held, seen.late, seen.faults) == (3, 1, 1, 0)
    registry.close()
