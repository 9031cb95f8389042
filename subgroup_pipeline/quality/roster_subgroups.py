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
from subgroup_pipeline.quality.subgroup_columns import blank_words, blank_words_finding
from subgroup_pipeline.quality.subgroup_drift import DriftFacts, column_drift, drift_facts
from subgroup_pipeline.quality.subgroup_file import header_of
from subgroup_pipeline.quality.validation import open_session

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.quality.subgroup_drift import ValueChange
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings

_ROLL_UP = f"demographics.{RACE_ETHNICITY}"
_NEEDED_FLAGS = ("hispanicOrLatinoEthnicity", *RACES)
"""Without one of these columns the roll-up would guess; the flag for two or more races can be told from the others."""

# Each configured column of the roster, with the headers that it is read from: the roll-up has seven.
_COLUMN = f"""
create temp table roster_column as
select
    r.delivery_id, r.district_id, k.subgroup, k.source, k.source_column, k.is_open,
    unnest(case when k.source_column = '{_ROLL_UP}' then {list(RACE_FLAGS)}
        else [substr(k.source_column, strpos(k.source_column, '.') + 1)] end) as header
from warehouse.control.run_delivery r join warehouse.control.subgroup_column k using (district_id)
where r.feed = 'roster' and k.source <> 'file'
"""

# roster_delivery_id is the roster that a roster would replace. Only active students count.
_STUDENT = """
create temp table roster_student as
with roster as (
    select delivery_id, delivery_id as read_id, false as is_before from warehouse.control.run_delivery
    where delivery_id in (select delivery_id from roster_column)
    union all
    select delivery_id, roster_delivery_id, true from warehouse.control.run_delivery
    where delivery_id in (select delivery_id from roster_column) and roster_delivery_id is not null
)
select r.delivery_id, r.read_id, r.is_before, u.sourcedId, u.metadata
from roster r join warehouse.raw.users u on u.delivery_id = r.read_id
where is_active_student(u.role, u.enabledUser, u.status)
"""

_TEXT = f"""
create temp table roster_text as
with demographic as materialized (
    select s.delivery_id, s.is_before, d.*
    exclude (delivery_id) from roster_student s join warehouse.raw.demographics d
        on d.delivery_id = s.read_id and d.sourcedId = s.sourcedId and row_counts(d.status)
),
cell as (
    select c.district_id, s.delivery_id, s.is_before, c.subgroup, c.source_column, 'users.csv' as file_name, c.header,
        c.is_open, s.sourcedId, s.metadata[c.header] as text
    from roster_student s join roster_column c using (delivery_id) where c.source = 'roster_metadata'
    union all
    select c.district_id, d.delivery_id, d.is_before, c.subgroup, c.source_column, 'demographics.csv', c.header, c.is_open,
        d.sourcedId, case c.source when 'roster_metadata' then d.metadata[c.header] else case c.header
            {" ".join(f"when '{column}' then d.{column}" for column in DEMOGRAPHICS if column != RACE_ETHNICITY)} end end
    from demographic d join roster_column c using (delivery_id)
),
said as (
    select c.*, lower(c.text) as folded, v.value, case when c.source_column = '{_ROLL_UP}'
        then truth_of(c.text) is not null else c.is_open or v.value is not null end as is_set_up
    from cell c left join warehouse.control.subgroup_value v
        on v.district_id = c.district_id and v.subgroup = c.subgroup and lower(v.raw_key) = lower(c.text)
    where c.text is not null
)
select delivery_id, is_before, source_column, file_name, header, is_open, folded, value, is_set_up, count(*) as students,
    min(text) as written, list(sourcedId) filter (where not is_before and not is_set_up) as keys
from said group by all
"""

_UNMAPPED = f"""
select delivery_id, file_name, case when source_column = '{_ROLL_UP}' then header else source_column end as written,
    sum(students)::bigint, keys_of_groups(keys)
from roster_text where not is_before and not is_set_up group by all order by all
"""

# Students for whom a column says something; of the flags of the roll-up only yes does.
_FILLED = f"""
select delivery_id, source_column, coalesce(sum(students) filter (not is_before), 0)::bigint,
    coalesce(sum(students) filter (is_before), 0)::bigint
from roster_text where source_column <> '{_ROLL_UP}' or truth_of(folded) group by all
"""

# The tables that drift is told from, as a subgroup file has them. The flags of the roll-up count as values of their own; a
# student of whom the roster says nothing is a blank row.
_DRIFT = f"""
create table checks.live_file as
select delivery_id, any_value(read_id) as live_delivery_id from roster_student where is_before group by delivery_id;
create table checks.cell_count as
with filled as (
    select delivery_id, is_before, source_column, is_open,
        case when source_column = '{_ROLL_UP}' then header else written end as cell,
        source_column = '{_ROLL_UP}' or value is not null as is_known,
        case when source_column = '{_ROLL_UP}' then header else coalesce(value, if(is_open, folded, 'not_reported')) end as value,
        sum(students) as n
    from roster_text where source_column <> '{_ROLL_UP}' or truth_of(folded) group by all
),
roster as (select delivery_id, is_before, any_value(read_id) as read_id, count(*) as students from roster_student group by all),
blank as (
    select f.delivery_id, f.is_before, f.source_column, any_value(f.is_open), null, false, 'not_reported',
        r.students - sum(f.n)
    from filled f join roster r using (delivery_id, is_before) where f.source_column <> '{_ROLL_UP}'
    group by f.delivery_id, f.is_before, f.source_column, r.students
)
select r.read_id as delivery_id, c.source_column, c.is_open, c.cell, c.is_known, c.value, c.n::bigint as n
from (from filled union all from blank) c join roster r using (delivery_id, is_before)
"""

_HEADER = """
select r.delivery_id, h.file_name, h.header
from warehouse.control.run_delivery r join warehouse.control.landed_header h using (delivery_id)
where r.delivery_id in (select delivery_id from roster_column)
"""


def roster_subgroup_findings(
    settings: Settings, districts: Mapping[str, RegisteredDistrict], deliveries: Iterable[Delivery]
) -> dict[str, list[Finding]]:
    """Findings about subgroups in the rosters of `control.run_delivery`, by delivery; those without any are left out."""
    reading = [d for d in deliveries if districts[d.district_id].settings.reads_roster]
    if not reading:
        return {}
    findings: dict[str, list[Finding]] = defaultdict(list)
    with open_session(settings) as session:
        for statement in (_COLUMN, _STUDENT, _TEXT, _DRIFT):
            session.execute(statement)
        drift, blank = drift_facts(session), blank_words(session)
        filled = {(row[0], row[1]): (row[2], row[3]) for row in session.execute(_FILLED).fetchall()}
        unmapped = session.execute(_UNMAPPED).fetchall()
        headers: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for delivery_id, file_name, header in session.execute(_HEADER).fetchall():
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
