"""What the ledger still needs, on both databases: live and waiting deliveries, young ones, and what they rest on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.ledger import Feed, UploadedFile
from subgroup_pipeline.registry.needed import needed_deliveries, needed_uploads
from subgroup_pipeline.registry.receiving import register_delivery
from subgroup_pipeline.registry.schema import Delivery


@pytest.fixture
def chain(registry: Registry) -> dict[str, str]:
    """A full roster with two sets of changes on it, and a subgroup file; all are superseded and old. Ids by name."""
    ids: dict[str, str] = {}
    feeds: dict[str, Feed] = {"full": "roster", "first": "roster", "second": "roster", "file": "subgroups"}
    with registry.begin() as session:
        for name, feed in feeds.items():
            uploads = [UploadedFile(f"{name}.zip", name, 7), UploadedFile("users.csv", f"in {name}", 7, member_of=f"{name}.zip")]
            delivery, _ = register_delivery(
                session, "alpha", feed, sha256=name, content_sha256=name, proof="settled", files=uploads
            )
            delivery.state, delivery.received_at = "superseded", datetime.now(UTC) - timedelta(days=40)
            ids[name] = delivery.delivery_id
        session.get_one(Delivery, ids["first"]).base_delivery_id = ids["full"]
        session.get_one(Delivery, ids["second"]).base_delivery_id = ids["first"]
    return ids


def test_nothing_is_needed_of_what_is_over_and_old(registry: Registry, chain: dict[str, str]) -> None:
    with registry.begin() as session:
        assert needed_deliveries(session) == []
        assert needed_uploads(session, datetime.now(UTC) - timedelta(days=30)) == set()
        assert needed_uploads(session, datetime.now(UTC) - timedelta(days=50)) == {("alpha", name) for name in chain}


def test_live_changes_need_every_roster_below_them(registry: Registry, chain: dict[str, str]) -> None:
    with registry.begin() as session:
        session.get_one(Delivery, chain["second"]).state = "held"
        assert [d.delivery_id for d in needed_deliveries(session)] == [chain[name] for name in ("full", "first", "second")]
        assert needed_uploads(session, datetime.now(UTC)) == {("alpha", name) for name in ("full", "first", "second")}
