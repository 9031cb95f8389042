"""Releases: which districts get new shared numbers, and making them from what is about to be published."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING

from subgroup_pipeline.disclosure.cells import Privacy, read_cells, sql
from subgroup_pipeline.disclosure.due import DueRelease, cause_of_release
from subgroup_pipeline.disclosure.release_tables import KEPT_RELEASE
from subgroup_pipeline.disclosure.store import Release, forget_old_cells, open_store
from subgroup_pipeline.disclosure.suppression import hide_further, hide_means, suppress
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.warehouse.rows import insert_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

_DISPLAY = {
    "district_id": "varchar",
    "release_id": "varchar",
    "symbol": "varchar",
    "edges": [{"from_": "bigint", "edge": "integer", "step": "integer", "below": "varchar", "above": "varchar"}],
}
"""How the numbers of a release are written: the table `display`. `edges` (`privacy_profiles.Edge`) stand by `from_`."""
_FEWEST, _MOST = 5, 40
"""Districts whose cells are in memory together: few to begin with, and more while that is quick."""
_QUICK = 5.0
"""Seconds."""


def due_releases(
    registry: Registry,
    last: Mapping[str, Release],
    build_keys: Mapping[str, str],
    now: datetime,
    asked: Collection[str] = (),
) -> list[DueRelease]:
    """The districts of a snapshot, given by their build keys, that get a release with it.

    Settings are read only of districts that were built since their last release: a change of settings builds a district.
    Those that a person asks for come first, then those that have none, then those whose last one is the oldest.
    """
    open_ones = [
        district_id
        for district_id, build_key in build_keys.items()
        if district_id in asked or district_id not in last or last[district_id].build_key != build_key
    ]
    if not open_ones:
        return []
    found = []
    for district in registered_districts(registry):
        if district.district_id in open_ones:
            key = build_keys[district.district_id]
            is_asked = district.district_id in asked
            cause = cause_of_release(district.settings, key, last.get(district.district_id), now, is_asked=is_asked)
            found += [DueRelease(district.settings, key, cause)] if cause else []
    waits_since = {district_id: release.released_at for district_id, release in last.items()}
    first = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda one: (one.district_id not in asked, waits_since.get(one.district_id, first)))


def make_releases(
    settings: Settings, source: Path, due: Sequence[DueRelease], snapshot: str, now: datetime, seconds: float = inf
) -> dict[str, Release]:
    """Make these releases from the staff file of a snapshot and keep them in the store; gives them by district.

    When so many seconds are over no further ones are begun: what is left stays due. Some are always made. Only the caller, who
    then writes the shareable file from the store, makes anybody see them.
    """
    made: dict[str, Release] = {}
    with open_store(settings, source=source) as connection:
        began = time.monotonic()
        size = _FEWEST
        while len(made) < len(due) and not (made and time.monotonic() - began >= seconds):
            started = time.monotonic()
            made |= _make_some(connection, due[len(made) : len(made) + size], snapshot, now)
            size = min(2 * size, _MOST) if time.monotonic() - started < _QUICK else max(size // 2, 1)
        forget_old_cells(connection)
    return made


def protect(connection: duckdb.DuckDBPyConnection) -> None:
    """Decide what of the table `cell` is hidden: by the rules, and then what the audit finds that they leave open."""
    # SciPy takes a second to load, and most nights have no release.
    from subgroup_pipeline.disclosure.audit import exposed

    suppress(connection)
    while further := exposed(connection):
        hide_further(connection, further)
        connection.execute(sql("proved"))
    hide_means(connection)


def _make_some(
    connection: duckdb.DuckDBPyConnection, due: Sequence[DueRelease], snapshot: str, now: datetime
) -> dict[str, Release]:
    rules = [(one, one.settings.privacy) for one in due]
    read_cells(connection, [Privacy(one.district_id, rule.minimum_count, rule.zero == "show") for one, rule in rules])
    connection.execute(sql("last_release"))
    protect(connection)
    made = {
        one.district_id: Release(
            f"{snapshot}-{one.district_id}", now, rule.minimum_count, rule.profile, rule.zero == "show", one.build_key
        )
        for one, rule in rules
    }
    _describe_display(connection, due, made)
    connection.execute("begin")
    connection.execute(sql("released"))
    insert_rows(connection, KEPT_RELEASE, [_kept_row(one, made[one.district_id], snapshot) for one in due])
    connection.execute("commit")
    return made


def _kept_row(due: DueRelease, made: Release, snapshot: str) -> dict[str, object]:
    """A release as the store keeps it."""
    released_at = made.released_at.astimezone(UTC).replace(tzinfo=None)
    return {**asdict(made), "released_at": released_at, "district_id": due.district_id, "snapshot": snapshot, "cause": due.cause}


def _describe_display(connection: duckdb.DuckDBPyConnection, due: Sequence[DueRelease], made: Mapping[str, Release]) -> None:
    """Make the table `display`."""
    rows = []
    for one in due:
        rule = one.settings.privacy.rules
        named = {"district_id": one.district_id, "release_id": made[one.district_id].release_id, "symbol": rule.symbol}
        rows.append({**named, "edges": [edge.model_dump() for edge in sorted(rule.edges, key=lambda edge: edge.from_)]})
    connection.execute(
        "create or replace temp table display as select unnest(from_json(?, ?), max_depth := 2)",
        [json.dumps(rows), json.dumps([_DISPLAY])],
    )
