"""Headers: which cell of a file goes to which column of its raw table. By name, never by position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.district_file import Subgroups
from subgroup_pipeline.districts.header_name import METADATA_PREFIX, canonical
from subgroup_pipeline.findings.finding import Finding, columns_finding
from subgroup_pipeline.landing.unknown_names import Header
from subgroup_pipeline.warehouse.oneroster import NEVER_LANDED, RosterTable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_SUGGESTED = 3
"""Names that may be missing ones; more would be guessing."""


@dataclass(frozen=True)
class ColumnMap:
    """Cells of a file by raw column, and by key for the map column (`metadata` or `cells`); positions count from 0."""

    width: int
    columns: tuple[tuple[str, int], ...]
    keyed: tuple[tuple[str, int], ...]


def map_roster_header(names: list[str], table: RosterTable, line: int = 1) -> tuple[ColumnMap | None, list[Finding]]:
    """Map a OneRoster header; None when a required column is missing or two that are read have one name."""
    read = {canonical(name): name for column in table.landed_columns for name in table.names_of(column)}
    forms = {column: [canonical(name) for name in table.names_of(column)] for column in table.columns}
    known = {*map(canonical, table.not_read), *(form for of_column in forms.values() for form in of_column)}
    header = Header(names, known, table.names_of("sourcedId")[0])
    position = {form: number for number, form in enumerate(header.forms)}
    found = {column: at for column, of_column in forms.items() if (at := next((f for f in of_column if f in position), None))}
    missing = [column for column in table.columns if column not in found and column not in table.may_lack]
    optional = [table.names_of(c)[0] for c in missing if c not in table.required and c not in NEVER_LANDED]
    say = _Said(header, table.file_name, line)
    say.missing([table.names_of(c)[0] for c in missing if c in table.required], len(table.required), known)
    say.twice(read)
    columns = tuple((column, position[found[column]]) for column in table.landed_columns if column in found)
    twice = set(header.twice())
    if say.is_fatal:
        return None, say.findings
    say.optional(optional)
    say.unnamed()
    say.findings += _unlike_the_standard(header, table, line)
    say.new([n for n, form in enumerate(header.forms) if form not in known and not form.startswith(METADATA_PREFIX)])
    metadata = [(form, n) for n, form in enumerate(header.forms) if form.startswith(METADATA_PREFIX) and form not in twice]
    keyed = tuple((form.removeprefix(METADATA_PREFIX), n) for form, n in metadata)
    return ColumnMap(len(names), columns, keyed), say.findings


def map_subgroup_header(
    names: list[str], subgroups: Subgroups, file_name: str, line: int = 1
) -> tuple[ColumnMap | None, list[Finding]]:
    """Map a subgroup file's header to the district's settings; None when the delivery must be rejected."""
    header = Header(names, known_subgroup_columns(subgroups), subgroups.student_id_column)
    position = {form: number for number, form in enumerate(header.forms)}
    read = {canonical(subgroups.student_id_column): subgroups.student_id_column}
    missing = [name for form, name in read.items() if form not in position]
    optional: list[str] = []
    cells: list[tuple[str, int]] = []
    wanted = [name for name in subgroups.columns if any(place.source == "file" for place in subgroups.places(name))]
    for name in wanted:
        found = next((n for n in map(canonical, (name, *subgroups.columns[name].aliases)) if n in position), None)
        if found is not None:
            read[found] = name
            cells.append((canonical(name), position[found]))
        else:
            (missing if subgroups.is_required(name, "file") else optional).append(name)
    say = _Said(header, file_name, line)
    say.missing(missing, len(wanted) + 1, read)
    say.twice(read)
    if say.is_fatal:
        return None, say.findings
    say.optional(optional)
    say.unnamed()
    say.new([n for n, form in enumerate(header.forms) if form not in read])
    student_id = position[canonical(subgroups.student_id_column)]
    return ColumnMap(len(names), (("student_id", student_id),), tuple(cells)), say.findings


class _Said:
    """What is said of one header: one finding a kind, which lists the columns."""

    def __init__(self, header: Header, file_name: str, line: int) -> None:
        self._header, self._file_name, self._line = header, file_name, line
        self.findings: list[Finding] = []

    @property
    def is_fatal(self) -> bool:
        return any(finding.severity == "fatal" for finding in self.findings)

    def missing(self, names: list[str], of: int, used: Collection[str]) -> None:
        """Columns that are needed and missing, with the names most like them."""
        if not names:
            return
        nearest = {name: found for name in names if (found := self._header.nearest(name, used))}
        if len(names) == 1:
            near = [f"Missing: {names[0]}.", *(f"The nearest header is `{found}`." for found in nearest.values())]
        else:
            near = [f"`{found}` may be {name}." for name, found in list(nearest.items())[:_SUGGESTED]]
        self._say("HDR001", names, " ".join(near), of)

    def twice(self, read: Mapping[str, str]) -> None:
        """Names that stand twice: of a column that is read it is not known which one is meant."""
        twice = self._header.twice()
        self._say("HDR002", [read[form] for form in twice if form in read])
        self._say("HDR011", [self._header.shown(self._header.forms.index(form)) for form in twice if form not in read])

    def unnamed(self) -> None:
        """Columns without a name."""
        if count := self._header.forms.count(""):
            self.findings.append(Finding("HDR007", file=self._file_name, line=self._line, count=count))

    def new(self, positions: list[int]) -> None:
        """Columns that nobody set up."""
        self._say("HDR003", [self._header.shown(n) for n in positions if self._header.names[n]])

    def optional(self, names: list[str]) -> None:
        """Columns that may be missing, and are."""
        self._say("HDR004", names)

    def _say(self, code: str, names: list[str], about: str = "", of: int | None = None) -> None:
        if names:
            self.findings.append(columns_finding(code, self._file_name, names, about, line=self._line, of=of))


def _unlike_the_standard(header: Header, table: RosterTable, line: int) -> list[Finding]:
    """A warning when columns are spelled or ordered in another way, naming the first (their names are ours, not the file's)."""
    if not table.is_ordered:
        return []
    names = [*table.columns, *table.not_read]
    spelled = {canonical(column): column for column in names}
    order = list(dict.fromkeys(spelled[form] for form in header.forms if form in spelled))
    expected = [column for column in names if column in order]
    other = [column for column in order if column not in header.names]
    moved = [column for column, name in zip(order, expected, strict=True) if column != name]
    odd = list(dict.fromkeys([*other, *moved]))
    return [Finding("HDR008", file=table.file_name, line=line, column=odd[0], count=len(odd))] if odd else []


def known_roster_columns(table: RosterTable) -> frozenset[str]:
    """Names of a roster file's columns that are read, in canonical form."""
    return frozenset(canonical(name) for column in table.landed_columns for name in table.names_of(column))


def known_subgroup_columns(subgroups: Subgroups) -> frozenset[str]:
    """Names that the header of a district's subgroup file may hold, aliases too."""
    aliases = (alias for column in subgroups.columns.values() for alias in column.aliases)
    return frozenset(map(canonical, (subgroups.student_id_column, *subgroups.columns, *aliases)))
