"""Headers: which cell of a file goes to which column of its raw table. By name, never by position (design 3.11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.landing.oneroster import METADATA_PREFIX, NEVER_LANDED, RosterTable
from subgroup_pipeline.registry.district_file import Subgroups
from subgroup_pipeline.registry.findings import Finding
from subgroup_pipeline.registry.header_name import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable

_LIKE_ENOUGH = 60
"""Of 100; a header less like the wanted one is not suggested (it might be a value of a file without a header)."""


@dataclass(frozen=True)
class Mapping:
    """Cells of a file by raw column, and by key for the map column (`metadata` or `cells`); positions count from 0."""

    width: int
    columns: tuple[tuple[str, int], ...]
    keyed: tuple[tuple[str, int], ...]


def map_roster_header(header: list[str], table: RosterTable, line: int = 1) -> tuple[Mapping | None, list[Finding]]:
    """Map a OneRoster header; None when a required column is missing or two have one name."""
    findings = _repeated(header, table.file_name, line)
    position = {canonical(name): number for number, name in enumerate(header)}
    for column in table.columns:
        if canonical(column) in position:
            continue
        if column in table.required:
            about = f"Missing: {column}.{_nearest(column, header)}"
            findings.append(Finding("HDR001", file=table.file_name, line=line, column=column, about=about))
        elif column not in NEVER_LANDED:
            findings.append(Finding("HDR004", file=table.file_name, line=line, column=column))
    known = {canonical(column) for column in table.columns}
    metadata = [
        (canonical(name)[len(METADATA_PREFIX) :], number)
        for number, name in enumerate(header)
        if canonical(name).startswith(METADATA_PREFIX)
    ]
    if any(finding.severity == "fatal" for finding in findings):
        # Unknown columns are not named then: the first line of a file without a header is a student's row.
        return None, findings
    findings += _unnamed(header, table.file_name, line) + _unlike_the_standard(header, table, line)
    extra = [name for name in header if canonical(name) not in known and not canonical(name).startswith(METADATA_PREFIX)]
    findings += [Finding("HDR003", file=table.file_name, line=line, column=name.strip()) for name in extra if name.strip()]
    columns = tuple((c, position[canonical(c)]) for c in table.landed_columns if canonical(c) in position)
    return Mapping(len(header), columns, tuple(metadata)), findings


def map_subgroup_header(
    header: list[str], subgroups: Subgroups, file_name: str, line: int = 1
) -> tuple[Mapping | None, list[Finding]]:
    """Map a subgroup file's header to the district's settings; None when the delivery must be rejected."""
    findings = _repeated(header, file_name, line)
    position = {canonical(name): number for number, name in enumerate(header)}
    student_id = canonical(subgroups.student_id_column)
    if student_id not in position:
        about = f"Missing: {subgroups.student_id_column}.{_nearest(subgroups.student_id_column, header)}"
        findings.append(Finding("HDR001", file=file_name, line=line, column=subgroups.student_id_column, about=about))
    cells: list[tuple[str, int]] = []
    used = {student_id}
    for name, column in subgroups.columns.items():
        if all(place.source != "sftp" for place in subgroups.places(name)):
            continue
        found = next((n for n in map(canonical, (name, *column.aliases)) if n in position), None)
        if found is not None:
            used.add(found)
            cells.append((canonical(name), position[found]))
        elif not subgroups.is_required(name, "sftp"):
            findings.append(Finding("HDR004", file=file_name, line=line, column=name))
        else:
            about = f"Missing: {name}.{_nearest(name, header)}"
            findings.append(Finding("HDR001", file=file_name, line=line, column=name, about=about))
    if any(finding.severity == "fatal" for finding in findings):
        return None, findings
    findings += _unnamed(header, file_name, line)
    new = [name.strip() for name in header if canonical(name) not in used and name.strip()]
    findings += [Finding("HDR003", file=file_name, line=line, column=name) for name in new]
    return Mapping(len(header), (("student_id", position[student_id]),), tuple(cells)), findings


def _repeated(header: list[str], file_name: str, line: int) -> list[Finding]:
    names = [canonical(name) for name in header if name.strip()]
    return [
        Finding("HDR002", file=file_name, line=line, column=name) for name in sorted({n for n in names if names.count(n) > 1})
    ]


def _unnamed(header: list[str], file_name: str, line: int) -> list[Finding]:
    count = sum(not name.strip() for name in header)
    return [Finding("HDR007", file=file_name, line=line, count=count)] if count else []


def _unlike_the_standard(header: list[str], table: RosterTable, line: int) -> list[Finding]:
    """A warning when columns are spelled or ordered in another way, naming the first (their names are ours, not the file's)."""
    spelled = {canonical(column): column for column in table.columns}
    order = [spelled[canonical(name)] for name in header if canonical(name) in spelled]
    expected = [column for column in table.columns if column in order]
    other = [column for column in order if column not in header]
    moved = [column for column, name in zip(order, expected, strict=True) if column != name]
    odd = list(dict.fromkeys([*other, *moved]))
    return [Finding("HDR008", file=table.file_name, line=line, column=odd[0], count=len(odd))] if odd else []


def known_roster_columns(table: RosterTable) -> frozenset[str]:
    """Names that the header of a roster file may hold."""
    return frozenset(map(canonical, table.columns))


def known_subgroup_columns(subgroups: Subgroups) -> frozenset[str]:
    """Names that the header of a district's subgroup file may hold, aliases too."""
    aliases = (alias for column in subgroups.columns.values() for alias in column.aliases)
    return frozenset(map(canonical, (subgroups.student_id_column, *subgroups.columns, *aliases)))


def _nearest(wanted: str, header: Iterable[str]) -> str:
    """A sentence naming the header most like the wanted one, or nothing."""
    from rapidfuzz import process

    best = process.extractOne(canonical(wanted), [canonical(name) for name in header], score_cutoff=_LIKE_ENOUGH)
    return f" The nearest header is `{best[0]}`." if best else ""
