"""Which field of a roster the IDs of a sample equal, found by trying every column of the one against every field of the other.

The rule of matching is the night's own: active students only, cells trimmed, then exact, and an ID of two students is nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.proposal.sample import TABLE, load
from subgroup_pipeline.districts.guards import Guards
from subgroup_pipeline.errors import ProposalError
from subgroup_pipeline.landing.header import known_roster_columns, map_roster_header
from subgroup_pipeline.reading.roster_files import roster_file
from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
from subgroup_pipeline.reading.zip_proof import member_name
from subgroup_pipeline.warehouse.oneroster import roster_tables
from subgroup_pipeline.warehouse.rule_sql import rules
from subgroup_pipeline.warehouse.sql_text import identifier, literals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.desk.proposal.sample import SampleColumn
    from subgroup_pipeline.reading.reading_pool import ReadingPool
    from subgroup_pipeline.reading.roster_files import Edition

MATCH_RATE = Guards().match_rate
"""From this share on a field is the one that is meant; below it a night would hold the file."""
FIELDS = ("users.sourcedId", "users.identifier", "users.username")


@dataclass(frozen=True)
class FieldRate:
    """How many of a column's distinct IDs are one active student's in a field of the roster.

    `without_zeros` more would be, if leading zeros and capital letters did not count.
    """

    column: str
    field: str
    matched: int
    ids: int
    without_zeros: int = 0

    @property
    def rate(self) -> float:
        """Share of 1."""
        return self.matched / self.ids if self.ids else 0.0


@dataclass(frozen=True)
class RosterFacts:
    """What the roster says: the name of its one district org, its active students, and the rates, the best first.

    `contradicted` are pairs of column and field whose IDs mean other students than the best pair says.
    """

    district_name: str
    students: int
    rates: tuple[FieldRate, ...]
    contradicted: frozenset[tuple[str, str]] = frozenset()


def roster_facts(
    connection: duckdb.DuckDBPyConnection, readers: ReadingPool, roster: Path, scratch: Path, columns: Sequence[SampleColumn]
) -> RosterFacts:
    """Try the columns against every field of a roster (a zip, a directory, or users.csv). Raises ProposalError."""
    files = files_of_roster(readers, roster, scratch)
    if "users.csv" not in files:
        raise ProposalError(f"{roster.name} has no users.csv; give a roster as a zip or a directory of OneRoster CSV files.")
    load_users(connection, readers, files, scratch)
    fields = _note_keys(connection)
    students = connection.execute("select count(distinct sourcedId) from person").fetchall()[0][0]
    rates = _rates(connection, columns, fields)
    best = rates[0] if rates else None
    return RosterFacts(
        _district_name(connection, readers, files, scratch),
        students,
        rates,
        _contradicted(connection, columns, best, rates) if best and best.matched else frozenset(),
    )


def files_of_roster(readers: ReadingPool, roster: Path, scratch: Path) -> dict[str, Path]:
    """The files of the roster by OneRoster's names."""
    if roster.is_dir():
        named = [(path.name, path) for path in roster.iterdir() if path.is_file()]
    elif roster.suffix.casefold() == ".zip":
        into = scratch / "roster"
        proof = UnpackedZips(scratch, readers).unpack(roster, roster.name, into)
        if not proof.members:
            raise ProposalError(" ".join([f"{roster.name}:", *(f"{f.message} {f.how_to_fix}" for f in proof.findings)]))
        named = [(member_name(member.name), into / member.sha256) for member in proof.members]
    else:
        named = [(roster.name, roster)]
    return {known: path for name, path in named if (known := roster_file(name))}


def load_roster_table(
    connection: duckdb.DuckDBPyConnection,
    readers: ReadingPool,
    kind: str,
    path: Path,
    scratch: Path,
    edition: Edition = "1.1",
) -> list[str]:
    """Read one file of the roster into a table of its kind, with OneRoster's columns and `metadata`; gives its header.

    Its cells as they stand are in `<kind>_cells`. Raises ProposalError.
    """
    table = roster_tables(edition)[kind]
    landed = roster_tables()[kind].landed_columns if kind in roster_tables() else table.landed_columns
    shape, readable = readers.read_shape(path, table.file_name, scratch / "clean" / table.file_name, known_roster_columns(table))
    mapping, findings = map_roster_header(shape.header, table, shape.header_line) if shape.is_readable else (None, [])
    if mapping is None:
        said = next(finding for finding in (*shape.findings, *findings) if finding.severity == "fatal")
        raise ProposalError(f"{table.file_name} of the roster: {said.message} {said.how_to_fix}")
    load(connection, f"{kind}_cells", readable, shape)
    position = dict(mapping.columns)
    cells = [f"{f'c{position[c]}' if c in position else 'null::varchar'} as {identifier(c)}" for c in landed]
    keyed = dict(mapping.keyed)
    metadata = (
        f"map({literals(keyed)}, [{', '.join(f'c{n}' for n in keyed.values())}])" if keyed else "null::map(varchar, varchar)"
    )
    connection.execute(f"create table {kind} as select {', '.join(cells)}, {metadata} as metadata from {kind}_cells")
    return shape.header


def load_users(connection: duckdb.DuckDBPyConnection, readers: ReadingPool, files: dict[str, Path], scratch: Path) -> list[str]:
    """Leave `users`, with the role of a student also where roles.csv of OneRoster 1.2 gives it; gives the header of users.csv."""
    has_roles = "roles.csv" in files
    header = load_roster_table(connection, readers, "users", files["users.csv"], scratch, "1.2" if has_roles else "1.1")
    if has_roles:
        load_roster_table(connection, readers, "roles", files["roles.csv"], scratch, "1.2")
        students = f"select userSourcedId from roles where lower(role) = 'student' and {rules().row_counts('status')}"
        connection.execute(f"update users set role = 'student' where sourcedId in ({students})")
    return header


def note_students(connection: duckdb.DuckDBPyConnection) -> None:
    """Leave `person`, the active students of `users`."""
    active = rules().is_active_student("role", identifier("enabledUser"), "status")
    connection.execute(
        f"create table person as select sourcedId, identifier, username, {identifier('userIds')}, metadata from users "
        f"where sourcedId is not null and {active}"
    )


def _note_keys(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Leave `person` and `roster_key`: per field and key the first and the last active student who has it; gives the fields."""
    user_ids = identifier("userIds")
    note_students(connection)
    types = connection.execute(
        f"select distinct 'userIds:' || unnest({rules().types_of_user_ids(user_ids)}) from person"
    ).fetchall()
    names = connection.execute("select distinct 'metadata.' || unnest(map_keys(metadata)) from person").fetchall()
    fields = [*FIELDS, *sorted(name for (name,) in (*types, *names))]
    key = rules().match_key("f.field", "sourcedId", "identifier", "username", user_ids, "metadata")
    connection.execute(
        f"create table roster_key as select f.field, {key} as key, min(sourcedId) as first_student, "
        f"max(sourcedId) as last_student from person, (select unnest({literals(fields)}) as field) as f "
        "group by all having key is not null"
    )
    return fields


def _rates(connection: duckdb.DuckDBPyConnection, columns: Sequence[SampleColumn], fields: list[str]) -> tuple[FieldRate, ...]:
    """The rate of every column and field; the best first, then in the order of the file and of `FIELDS`."""
    if not columns:
        return ()
    keys = " union all ".join(f"select distinct {c.position} as position, c{c.position} as key from {TABLE}" for c in columns)
    connection.execute(f"create table file_key as select * from ({keys}) where key is not null")
    met = connection.execute(
        "select position, field, count(*) from file_key join roster_key using (key) where first_student = last_student "
        "group by all"
    ).fetchall()
    matched = {(position, field): count for position, field, count in met}
    ids = dict(connection.execute("select position, count(*) from file_key group by all").fetchall())
    near: dict[tuple[int, str], int] = {}
    if max(((count / ids[position]) for (position, _), count in matched.items()), default=0) < MATCH_RATE:
        near = _likely(connection)
    rates = [
        FieldRate(c.name, f, n := matched.get((c.position, f), 0), ids[c.position], max(0, near.get((c.position, f), 0) - n))
        for c in columns
        for f in fields
        if c.position in ids
    ]
    return tuple(sorted(rates, key=lambda one: -one.rate))


def _likely(connection: duckdb.DuckDBPyConnection) -> dict[tuple[int, str], int]:
    """How many IDs would be found if leading zeros and capital letters did not count."""
    rows = connection.execute(
        "with roster as (select distinct field, lower(ltrim(key, '0')) as likely from roster_key "
        "where first_student = last_student), "
        "file as (select position, key, lower(ltrim(key, '0')) as likely from file_key) "
        "select position, field, count(distinct key) from file join roster using (likely) group by all"
    ).fetchall()
    return {(position, field): count for position, field, count in rows}


def _contradicted(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[SampleColumn], best: FieldRate, rates: Sequence[FieldRate]
) -> frozenset[tuple[str, str]]:
    """The pairs that match well too, and make other students of the same rows than the best pair."""
    position = {column.name: column.position for column in columns}
    found = set()
    for one in rates[1:]:
        if one.rate < best.rate / 2:
            continue
        differing = connection.execute(
            f"select count(*) from {TABLE} s join roster_key a on a.key = s.c{position[best.column]} and a.field = ? "
            f"join roster_key b on b.key = s.c{position[one.column]} and b.field = ? "
            "where a.first_student = a.last_student and b.first_student = b.last_student and a.first_student <> b.first_student",
            [best.field, one.field],
        ).fetchall()[0][0]
        if differing:
            found.add((one.column, one.field))
    return frozenset(found)


def _district_name(connection: duckdb.DuckDBPyConnection, readers: ReadingPool, files: dict[str, Path], scratch: Path) -> str:
    """The name of the roster's one org of type district; empty when there is none, several, or no readable orgs.csv."""
    if "orgs.csv" not in files:
        return ""
    try:
        load_roster_table(connection, readers, "orgs", files["orgs.csv"], scratch)
    except ProposalError:
        return ""
    counts = rules().row_counts("status")
    rows = connection.execute(f"select distinct name from orgs where lower(type) = 'district' and {counts}").fetchall()
    return rows[0][0] if len(rows) == 1 and rows[0][0] else ""
