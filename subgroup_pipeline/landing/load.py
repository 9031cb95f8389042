"""Loading screened files into `raw`: files of one table and one mapping go in one statement, in district order.

What stands in `raw` is read: cells trimmed, in Unicode's form NFC, null where blank. Nothing after landing trims a cell again.

One statement per file costs three times as much (measured). Row numbers cost half as much again, so lines are looked up later.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.landing.header import ColumnMap
from subgroup_pipeline.reading.csv_scan import printable
from subgroup_pipeline.reading.shape import SetAsideRow
from subgroup_pipeline.warehouse.rows import insert_rows
from subgroup_pipeline.warehouse.rule_sql import rules
from subgroup_pipeline.warehouse.sql_text import literal
from subgroup_pipeline.warehouse.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    import duckdb

    from subgroup_pipeline.landing.erased import LeftOut
    from subgroup_pipeline.landing.screen import ScreenedFile, Screening
    from subgroup_pipeline.warehouse.raw_tables import RawTable

FILES_A_STATEMENT = 250
_DELIMITER = {",": "','", ";": "';'", "\t": "'\t'", "|": "'|'"}
"""As SQL literals."""
_PLAIN = re.compile(r"[a-z0-9_]+")
"""Names that a statement may hold as they are, and that differ also where case does not count."""

_LANDING_FILE = Table(
    "temp",
    "landing_file",
    "The files of one statement.",
    {
        "path": Column("varchar", "Where DuckDB reads it; the same for two districts that send the same bytes."),
        "district_id": Column("varchar", "Key of the district."),
        "delivery_id": Column("varchar", "The delivery."),
        "file_name": Column("varchar", "Its name in the delivery."),
    },
)

_LOADED = "temp.loaded_row"

Work = list[tuple["Screening", "ScreenedFile"]]


def load_files(
    connection: duckdb.DuckDBPyConnection, screenings: Iterable[Screening], landed_at: datetime, left_out: LeftOut | None = None
) -> dict[tuple[str, str], int]:
    """Load every file of the screenings, without students to be left out; gives landed rows by (delivery_id, file name).

    A file that DuckDB cannot read loads nothing and is refused in its screening; the others are not touched.
    """
    groups: dict[tuple[RawTable, ColumnMap, str, bool, bool], Work] = defaultdict(list)
    for screening in sorted(screenings, key=lambda s: (s.district_id, s.delivery_id)):
        for file in screening.files:
            is_clean = file.shape.is_ascii and not file.shape.is_padded
            groups[file.table, file.mapping, file.shape.delimiter, is_clean, file.is_listed].append((screening, file))
    for (table, mapping, *_), work in groups.items():
        for at in range(0, len(work), FILES_A_STATEMENT):
            _load_group(connection, table, mapping, work[at : at + FILES_A_STATEMENT], landed_at, left_out)
    return _landed_rows(connection, {table for table, *_ in groups}, [s.delivery_id for work in groups.values() for s, _ in work])


def _load_group(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    mapping: ColumnMap,
    work: Work,
    landed_at: datetime,
    left_out: LeftOut | None,
) -> None:
    import duckdb

    is_watched = left_out is not None and any(screening.district_id in left_out.lists for screening, _ in work)
    try:
        _insert(connection, table, mapping, work, landed_at, _create_loaded(connection, table) if is_watched else str(table))
        if is_watched and left_out is not None:
            _take_over(connection, table, work, left_out)
        _take_rejects(connection, work)
    except duckdb.Error as error:
        if len(work) > 1:
            for single in work:
                _load_group(connection, table, mapping, [single], landed_at, left_out)
            return
        screening, file = work[0]
        if not isinstance(error, (duckdb.InvalidInputException, duckdb.ConversionException)):
            raise
        screening.refuse(file, Finding("ROW004", file=file.file_name))


def _create_loaded(connection: duckdb.DuckDBPyConnection, table: RawTable) -> str:
    """A table in memory for rows of which some must never be in the warehouse: blocks of its file keep what is deleted there."""
    connection.execute(f"create or replace temp table {_LOADED} {table.definition}")
    return _LOADED


def _take_over(connection: duckdb.DuckDBPyConnection, table: RawTable, work: Work, left_out: LeftOut) -> None:
    """Take loaded rows into their table, all but those of students to be left out."""
    for screening, file in work:
        left_out.of_file(connection, _LOADED, screening, file)
    connection.execute(f"insert into {table} by name from {_LOADED}; drop table {_LOADED}")


def _insert(
    connection: duckdb.DuckDBPyConnection, table: RawTable, mapping: ColumnMap, work: Work, landed_at: datetime, into: str
) -> None:
    """One statement for many files. Raises duckdb.Error, having inserted nothing."""
    files = [
        {"path": str(f.path), "district_id": s.district_id, "delivery_id": s.delivery_id, "file_name": f.file_name}
        for s, f in work
    ]
    connection.execute(f"create or replace temp table {_LANDING_FILE} {_LANDING_FILE.definition}")
    insert_rows(connection, _LANDING_FILE, files)
    # Two districts may send the same zip, which intake unpacks once: read once, joined to each.
    paths = list(dict.fromkeys(file["path"] for file in files))
    targets = ", ".join(f'"{column}"' for column, _ in mapping.columns)
    shape, is_listed = work[0][1].shape, work[0][1].is_listed
    is_clean = shape.is_ascii and not shape.is_padded
    as_it_is = "nullif(r.c{}, '')" if is_listed else "r.c{}"
    cells = {n: as_it_is.format(n) if is_clean else cell_as_read(f"r.c{n}") for n in range(mapping.width)}
    sources = ", ".join(cells[position] for _, position in mapping.columns)
    keyed, keys = _map_of([(key, cells[position]) for key, position in mapping.keyed])
    if is_listed and mapping.keyed:
        keyed, keys = _map_of_given([(key, cells[position], f"r.c{position}") for key, position in mapping.keyed])
    connection.execute(
        f"insert into {into} (district_id, delivery_id, file_name, landed_at, {targets}, {table.map_column}) "
        f"select f.district_id, f.delivery_id, f.file_name, ?, {sources}, {keyed} "
        f"from read_csv(?, {strict_csv(mapping.width, shape.delimiter)}, allow_quoted_nulls={not is_listed}, store_rejects=true, "
        "rejects_table='landing_reject', rejects_scan='landing_scan', rejects_limit=0, filename='path') r "
        f"join {_LANDING_FILE} f using (path)",
        [landed_at.replace(tzinfo=None), *keys, paths],
    )


def _map_of(cells: Sequence[tuple[str, str]]) -> tuple[str, list[Any]]:
    """SQL of a map of these cells by key, and what it binds. A cast struct takes half the time of `map`, which looks for doubles.

    Names from a header that are not plain are bound: a NUL in one would end the statement's text, for every district in it.
    """
    if not cells:
        return "null", []
    if all(_PLAIN.fullmatch(key) for key, _ in cells):
        struct = ", ".join(f"{literal(key)}: {cell}" for key, cell in cells)
        return f"cast({{{struct}}} as map(varchar, varchar))", []
    return f"map(?::varchar[], [{', '.join(cell for _, cell in cells)}])", [[key for key, _ in cells]]


def _map_of_given(cells: Sequence[tuple[str, str, str]]) -> tuple[str, list[Any]]:
    """SQL of a map without the keys that an object does not have: those are not blank, nobody shared them. And what it binds."""
    entries = ", ".join(f"{{k: ?, v: {cell}, is_given: {given} is not null}}" for _, cell, given in cells)
    pairs = f"list_transform(list_filter([{entries}], lambda e: e.is_given), lambda e: {{k: e.k, v: e.v}})"
    return f"map_from_entries({pairs})", [key for key, _, _ in cells]


def strict_csv(width: int, delimiter: str) -> str:
    """How DuckDB reads what screening left of a file: options of read_csv; the columns are c0, c1, and so on."""
    types = ", ".join(f"c{position}: 'VARCHAR'" for position in range(width))
    return (
        f"columns={{{types}}}, auto_detect=false, header=true, delim={_DELIMITER[delimiter]}, quote='\"', escape='\"', "
        "new_line='\\n', strict_mode=true, max_line_size=4194304"
    )


def cell_as_read(cell: str) -> str:
    """SQL of a cell as it stands in `raw`: trimmed, in Unicode's form NFC, null where blank."""
    return f"nfc_normalize({rules().trimmed(cell)})"


def _take_rejects(connection: duckdb.DuckDBPyConnection, work: Work) -> None:
    """Turn rows that DuckDB refused into findings; after screening there should be none."""
    rejects = connection.execute(
        "select file_path, list(csv_line) from (select distinct s.file_path, r.line_byte_position, r.csv_line "
        "from landing_reject r join landing_scan s using (scan_id, file_id)) group by all"
    ).fetchall()
    connection.execute("delete from landing_reject")
    connection.execute("delete from landing_scan")
    refused = dict(rejects)
    for screening, file in work:
        rows = refused.get(str(file.path))
        if not rows:
            continue
        file.shape.set_aside += len(rows)
        text = file.original.read_bytes()
        places = {row: text.find(row.strip("\r\n").encode()) for row in rows if row}
        line_of = {row: text.count(b"\n", 0, at) + 1 for row, at in places.items() if at >= 0}
        file.shape.set_aside_rows += [SetAsideRow(line, "ROW002", printable(row.encode())) for row, line in line_of.items()]
        lines = tuple(sorted(line_of.values())[:5])
        screening.findings.append(Finding("ROW002", file=file.file_name, count=len(rows), lines=lines))


def _landed_rows(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[RawTable], delivery_ids: Sequence[str]
) -> dict[tuple[str, str], int]:
    landed: dict[tuple[str, str], int] = {}
    for table in tables:
        rows = connection.execute(
            f"select delivery_id, file_name, count(*) from {table} where delivery_id in (select unnest(?)) group by all",
            [sorted(set(delivery_ids))],
        ).fetchall()
        landed |= {(delivery_id, file_name): count for delivery_id, file_name, count in rows}
    return landed
