"""Subgroups that are read from the roster: columns that are missing, gone empty or much changed, and values not set up.

Part of a roster's judgement, for districts whose `sources` name the roster; the others are not looked at.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.header_name import nearest_name
from subgroup_pipeline.districts.limits import VANISHED_FLOOR
from subgroup_pipeline.districts.subgroup_sources import (
    DEMOGRAPHICS,
    RACE_ETHNICITY,
    RACE_FLAGS,
    RACES,
    SubgroupPlace,
    roster_place,
)
from subgroup_pipeline.findings.finding import Finding, columns_finding
from subgroup_pipeline.quality.cell_counts import OF_ROSTERS
from subgroup_pipeline.quality.check_session import fact_query
from subgroup_pipeline.quality.subgroup_columns import blank_words, blank_words_finding
from subgroup_pipeline.quality.subgroup_drift import DriftFacts, column_drift, drift_facts
from subgroup_pipeline.quality.subgroup_file import header_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.quality.subgroup_drift import ValueChange
    from subgroup_pipeline.registry.schema import Delivery

_ROLL_UP = f"demographics.{RACE_ETHNICITY}"
_NEEDED_FLAGS = ("hispanicOrLatinoEthnicity", *RACES)
"""Without one of these columns the roll-up would guess; the flag for two or more races can be told from the others."""


def roster_subgroup_findings(
    session: duckdb.DuckDBPyConnection, districts: Mapping[str, RegisteredDistrict], deliveries: Iterable[Delivery]
) -> dict[str, list[Finding]]:
    """Findings about subgroups in the rosters of `control.run_delivery`, by delivery; those without any are left out."""
    reading = [d for d in deliveries if districts[d.district_id].settings.reads_roster]
    if not reading:
        return {}
    findings: dict[str, list[Finding]] = defaultdict(list)
    for table in ("columns", "students", "texts", "cell_counts"):
        session.execute(_query(table))
    drift, blank = drift_facts(session, OF_ROSTERS), blank_words(session, OF_ROSTERS)
    filled = {(row[0], row[1]): (row[2], row[3]) for row in session.execute(_query("filled")).fetchall()}
    unmapped = session.execute(_query("unmapped")).fetchall()
    headers: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for delivery_id, file_name, header in session.execute(_query("headers")).fetchall():
        headers[delivery_id][file_name].add(header)
    for delivery in reading:
        own = drift.get(delivery.delivery_id, DriftFacts()).changes
        findings[delivery.delivery_id] = _about_columns(districts[delivery.district_id], delivery, headers, filled, own)
        for column, words in blank.get(delivery.delivery_id, {}).items():
            place = SubgroupPlace("roster_metadata" if column.startswith("metadata.") else "demographics", column)
            finding = blank_words_finding(_file(place), _header(delivery, column), words)
            findings[delivery.delivery_id].append(finding)
    by_id = {delivery.delivery_id: delivery for delivery in reading}
    for delivery_id, file_name, column, count, keys in unmapped:
        found = Finding(
            "SUB506",
            file=file_name,
            column=_header(by_id[delivery_id], column),
            count=count,
            key_column="sourcedId",
            keys=tuple(keys),
        )
        findings[delivery_id].append(found)
    return findings


def _query(name: str) -> str:
    columns = [column for column in DEMOGRAPHICS if column != RACE_ETHNICITY]
    return fact_query(f"roster_subgroups/{name}", cells=OF_ROSTERS, roll_up=_ROLL_UP, flags=RACE_FLAGS, demographics=columns)


def _about_columns(
    district: RegisteredDistrict,
    delivery: Delivery,
    headers: Mapping[str, Mapping[str, set[str]]],
    filled: Mapping[tuple[str, str], tuple[int, int]],
    drift: Mapping[str, Sequence[ValueChange]],
) -> list[Finding]:
    """Columns of the settings that the header lacks, that nobody has filled any more or that changed much, and new ones."""
    subgroups = district.settings.subgroups
    if subgroups is None:
        return []
    own = headers[delivery.delivery_id]
    findings: list[Finding] = []
    listed: dict[tuple[str, str], list[str]] = defaultdict(list)
    places = [(name, p) for name in subgroups.columns for p in subgroups.places(name) if p.source != "file"]
    lost: list[str] = []
    for name, place in places:
        file, header = _file(place), _header(delivery, place.column)
        now, before = filled.get((delivery.delivery_id, place.column), (0, 0))
        missing = _missing(place.column, own)
        if missing and subgroups.is_required(name, place.source):
            lost.append(place.column)
            listed["SUB530", file] += missing
        elif not now and before > VANISHED_FLOOR:
            findings.append(Finding("SUB531", file=file, line=1, column=header, count=before))
        elif missing and subgroups.columns[name].optional:
            listed["SUB532", file].append(header)
        elif moved := column_drift(district.settings, file, header, drift.get(place.column, ())):
            findings.append(moved)
    wanted = {subgroups.match_field, *(place.column for _, place in places)}
    for file, found in sorted(own.items()) if "roster_metadata" in subgroups.sources else ():
        listed["HDR003", file] += [_header(delivery, name) for name in sorted(found - wanted) if roster_place(name)]
    nearest = " ".join(filter(None, (_nearest(column, own) for column in lost)))
    named = {place: list(dict.fromkeys(columns)) for place, columns in listed.items() if columns}
    return findings + [columns_finding(*place, names, nearest if place[0] == "SUB530" else "") for place, names in named.items()]


def _file(place: SubgroupPlace) -> str:
    return "demographics.csv" if place.source == "demographics" else "users.csv"


def _header(delivery: Delivery, column: str) -> str:
    """A column of the settings as the roster calls it: a column of demographics.csv without the name of its file."""
    if not column.startswith("metadata."):
        return column.removeprefix("demographics.")
    named = (header_of(delivery, file, column) for file in ("users.csv", "demographics.csv"))
    return next((name for name in named if name != column), column)


def _missing(column: str, headers: Mapping[str, set[str]]) -> list[str]:
    """The headers that a column of the roster needs and that are in neither file."""
    if column.startswith("metadata."):
        return [] if any(column in found for found in headers.values()) else [column]
    header = column.removeprefix("demographics.")
    needed = _NEEDED_FLAGS if header == RACE_ETHNICITY else (header,)
    return [name for name in needed if name.lower() not in headers.get("demographics.csv", ())]


def _nearest(column: str, headers: Mapping[str, set[str]]) -> str:
    """A sentence naming the header most like the wanted one, or nothing."""
    known = sorted(set().union(*headers.values()))
    name = column.partition(".")[2].lower()
    # The right name behind another vendor's prefix, as in ext_vendor_language, is nearer than anything that looks like it.
    behind = [header for header in known if re.search(rf"(^|[._]){re.escape(name)}$", header)]
    near = nearest_name(column, behind, 0) if behind else nearest_name(column, known)
    return f"The nearest header to `{column}` is `{near}`." if near else ""
