"""A subgroup file that is another district's. The district is never told whose it is; the audit log is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from subgroup_pipeline.districts.limits import FEW_ROWS
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.quality.check_session import fact_query
from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.ledger import PIPELINE, live_deliveries
from subgroup_pipeline.warehouse.rows import insert_rows
from subgroup_pipeline.warehouse.sql_text import literals
from subgroup_pipeline.warehouse.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from subgroup_pipeline.quality.subgroup_file import SubgroupFile
    from subgroup_pipeline.quality.subgroup_match import MatchFacts
    from subgroup_pipeline.registry.database import Registry

EVENT = "security.wrong_district"

_LIVE_ROSTER = Table(
    "checks",
    "live_roster",
    "The live roster of every district, and what its own subgroup files are matched against.",
    {
        "delivery_id": Column("varchar", "The label that `roster_keys` gives back: here the district."),
        "roster_delivery_id": Column("varchar", "The roster."),
        "match_field": Column("varchar", "What of users.csv the ids of subgroup files are matched against."),
    },
)


def wrong_districts(
    session: duckdb.DuckDBPyConnection, registry: Registry, suspects: Mapping[str, MatchFacts]
) -> dict[str, list[tuple[str, int]]]:
    """For each of these deliveries, whose own match is low: other districts that its ids match, the best first."""
    if not suspects:
        return {}
    fields = {
        district.district_id: district.settings.subgroups.match_field if district.settings.subgroups else None
        for district in registered_districts(registry)
    }
    with registry.begin() as database:
        live = live_deliveries(database, "roster")
    rosters: list[dict[str, Any]] = [
        {"delivery_id": district, "roster_delivery_id": roster.delivery_id, "match_field": fields.get(district)}
        for district, roster in live.items()
    ]
    session.execute(f"create table {_LIVE_ROSTER} {_LIVE_ROSTER.definition}")
    insert_rows(session, _LIVE_ROSTER, rosters)
    query = fact_query("subgroups/elsewhere", deliveries=literals(suspects))
    found: dict[str, list[tuple[str, int]]] = {}
    for delivery_id, district_id, count in session.execute(query).fetchall():
        found.setdefault(delivery_id, []).append((district_id, count))
    return found


def wrong_district_finding(
    registry: Registry, file: SubgroupFile, match: MatchFacts, elsewhere: list[tuple[str, int]]
) -> Finding | None:
    """The finding when the file is most likely another district's, with an entry in the audit log: ids of districts, counts."""
    limit = max(FEW_ROWS + 1, file.guards.subgroup_other_match * match.keys)
    others = {district_id: count for district_id, count in elsewhere if count >= limit}
    if not others:
        return None
    detail = {"student_ids": match.keys, "matched": match.matched, "matched_elsewhere": others}
    with registry.begin() as session:
        delivery = file.delivery
        record_event(
            session, EVENT, actor=PIPELINE, district_id=delivery.district_id, delivery_id=delivery.delivery_id, detail=detail
        )
    about = f"{match.matched} of {match.keys} are; at least {file.limit('subgroup_own_match')} should be."
    return Finding("SUB518", file=file.name, column=file.id_column, count=match.keys - match.matched, about=about)
