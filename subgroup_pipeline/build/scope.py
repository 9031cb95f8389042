"""Which districts a run builds: those whose build key differs from the one their published rows were made from.

The key says everything a district's marts depend on: its live deliveries, its settings, as_of and the models.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.build.earlier_contract import bring_up_to_date
from subgroup_pipeline.build.project_version import model_version
from subgroup_pipeline.districts.past_keys import meaning_key, reading_key
from subgroup_pipeline.registry.builds import history_starts
from subgroup_pipeline.registry.ledger import live_deliveries
from subgroup_pipeline.stages import stage
from subgroup_pipeline.warehouse.as_of import as_of_day, day_of, school_year_ends
from subgroup_pipeline.warehouse.control import write_report_settings, write_subgroup_settings
from subgroup_pipeline.warehouse.control_tables import BUILD, RUN_SCOPE
from subgroup_pipeline.warehouse.rows import insert_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import duckdb

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import Delivery

DIRTY = ""
"""Build key of a district whose rows in the working file may be half built; no real key is empty."""


@stage("scope")
def set_scope(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    districts: Sequence[RegisteredDistrict],
    published: Mapping[str, str],
) -> list[str]:
    """Write `control.run_scope` and the settings it needs; gives the districts in scope, by key.

    `published` gives the build key, per district, that the newest snapshot was made from.

    A district with a live delivery in `control.held_back` keeps what is published. Rows in scope are marked dirty in the
    working file until the build is done.
    """
    rows = scope_rows(connection, registry, districts, _built_keys(connection, published))
    bring_up_to_date(connection)
    connection.execute("delete from control.run_scope")
    insert_rows(connection, RUN_SCOPE, rows)
    in_scope = [row["district_id"] for row in rows]
    built_now = [district for district in districts if district.district_id in set(in_scope)]
    write_subgroup_settings(connection, built_now)
    write_report_settings(connection, built_now)
    _mark(connection, dict.fromkeys(in_scope, DIRTY))
    return in_scope


def scope_rows(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    districts: Sequence[RegisteredDistrict],
    built: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Rows of `control.run_scope` for the districts that can be built and are not built from these keys (by district) yet."""
    now = datetime.now(UTC)
    with registry.begin() as session:
        rosters = live_deliveries(session, "roster")
        subgroups = live_deliveries(session, "subgroups")
    year_ends = school_year_ends(connection, [roster.delivery_id for roster in rosters.values()])
    held_back = {row[0] for row in connection.execute("from control.held_back").fetchall()}
    rows = []
    for district in districts:
        roster = rosters.get(district.district_id)
        subgroup = subgroups.get(district.district_id) if district.settings.has_subgroup_file else None
        if roster is None or held_back & {delivery.delivery_id for delivery in (roster, subgroup) if delivery}:
            continue
        row = scope_row(district, roster, subgroup, year_ends.get(roster.delivery_id), now)
        if built.get(district.district_id) != row["build_key"]:
            rows.append(row)
    with registry.begin() as session:
        starts = history_starts(session, {row["district_id"]: row["effective_at"] for row in rows})
    return [row | {"effective_at": naive(row["effective_at"]), "history_from": naive(starts[row["district_id"]])} for row in rows]


def mark_built(connection: duckdb.DuckDBPyConnection, *, but: Collection[str] = ()) -> None:
    """Note that the working file now holds the districts in scope as built from their keys, `but` for those that failed."""
    keys = dict(connection.execute("select district_id, build_key from control.run_scope").fetchall())
    _mark(connection, {district_id: key for district_id, key in keys.items() if district_id not in but})


def dirty_districts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Districts whose rows in the working file are not known to be whole."""
    rows = connection.execute("select district_id from control.build where build_key = ? order by 1", [DIRTY]).fetchall()
    return [row[0] for row in rows]


def scope_row(
    district: RegisteredDistrict, roster: Delivery, subgroup: Delivery | None, year_end: date | None, now: datetime
) -> dict[str, Any]:
    """A row of `control.run_scope` for a build from these deliveries, without `history_from`; `effective_at` is aware."""
    settings = district.settings
    as_of = as_of_day(district, roster.received_at, year_end)
    effective_at = max(delivery.received_at for delivery in (roster, subgroup) if delivery)
    parts = (roster.delivery_id, subgroup.delivery_id if subgroup else "", district.version, as_of, model_version())
    return {
        "district_id": district.district_id,
        "district_name": settings.name,
        "roster_delivery_id": roster.delivery_id,
        "subgroup_delivery_id": subgroup.delivery_id if subgroup else None,
        "roster_received_at": naive(roster.received_at),
        "subgroup_received_at": naive(subgroup.received_at) if subgroup else None,
        "as_of_date": as_of.isoformat(),
        "match_field": settings.subgroups.match_field if settings.subgroups else None,
        "build_key": hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32],
        "built_at": naive(now),
        "timezone": settings.timezone,
        "reading_key": reading_key(settings),
        "meaning_key": meaning_key(settings),
        "effective_at": effective_at,
        "effective_date": day_of(effective_at, district).isoformat(),
        "month": day_of(effective_at, district).replace(day=1).isoformat(),
    }


def _built_keys(connection: duckdb.DuckDBPyConnection, published: Mapping[str, str]) -> dict[str, str]:
    """Build keys that hold both in the working file and in what is published."""
    working = dict(connection.execute("select district_id, build_key from control.build").fetchall())
    return {district_id: key for district_id, key in working.items() if published.get(district_id) == key}


def _mark(connection: duckdb.DuckDBPyConnection, keys: Mapping[str, str]) -> None:
    connection.execute("begin")
    connection.execute("delete from control.build where district_id in (select unnest(?))", [list(keys)])
    insert_rows(connection, BUILD, [{"district_id": district_id, "build_key": key} for district_id, key in keys.items()])
    connection.execute("commit")


def naive(moment: datetime) -> str:
    """UTC without a zone, as DuckDB's TIMESTAMP takes it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
