"""The same night by hand: one DuckDB script from the districts' files to the published tables, without dbt, checks or ledger.

It is the fair lower bound of `night.py`: the rules of docs/architecture.md section 3 and the tables of the marts, set-based over
all districts. It does nothing that a pipeline must also do (archive, screen, judge, report). The SQL is in `by_hand.sql`, one
step per paragraph, and this file feeds it. `by_hand_everything.sql` and a lake as Parquet (`everything`) make it publish what a
night publishes by now. The input is assumed to be clean: every configured column is there, and every row is as wide as its
header.
Run: python -m benchmarks.by_hand TARGET OUTPUT --districts 20 --students 5000 (generates what TARGET does not hold)
"""

from __future__ import annotations

import argparse
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.generate import AS_OF, CORE, DistrictInput, generate

THREADS = 2
LAKE_DISTRICTS = 100
"""Districts that one scan writes into the lake."""
RECEIVED_AT = datetime.fromisoformat("2026-10-02T02:00:00")


def run(inputs: list[DistrictInput], output: Path, as_of: date, *, everything: bool = False) -> dict[str, float]:
    """Build the marts of these districts in a new file `output`; with `everything` also a folder `lake` beside it.

    Returns the seconds of each step, and `total`.
    """
    output.unlink(missing_ok=True)
    seconds: dict[str, float] = {}
    began = started = time.perf_counter()
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": "8GB",
        "threads": THREADS,
        "preserve_insertion_order": False,
    }
    with tempfile.TemporaryDirectory(dir=output.parent) as scratch, duckdb.connect(str(output), config=config) as db:
        folders = _extract(inputs, Path(scratch))
        seconds["extract"], started = time.perf_counter() - started, time.perf_counter()
        _describe(db, inputs, folders, as_of)
        sources = {kind: _read_csv([folder / f"{kind}.csv" for folder in folders]) for kind in CORE}
        sources["file_rows"] = _subgroup_rows(inputs)
        for name, statements in _steps(*(["by_hand.sql", "by_hand_everything.sql"] if everything else ["by_hand.sql"])):
            for marker, source in sources.items():
                statements = statements.replace(f"${marker}$", source)  # noqa: PLW2901 - the same statements, filled in
            db.execute(statements)
            seconds[name], started = time.perf_counter() - started, time.perf_counter()
        if everything:
            _write_lake(db, output.parent / "lake", [one.district_id for one in inputs])
            seconds["lake"], started = time.perf_counter() - started, time.perf_counter()
        db.execute("checkpoint")
    seconds["checkpoint"] = time.perf_counter() - started
    seconds["total"] = time.perf_counter() - began
    return seconds


def _steps(*files: str) -> list[tuple[str, str]]:
    """Split the SQL at its `-- step: name` lines."""
    texts = [Path(__file__).with_name(file).read_text(encoding="utf-8") for file in files]
    parts = [part for text in texts for part in text.split("-- step: ")[1:]]
    return [(part.split("\n", 1)[0].strip(), part.split("\n", 1)[1]) for part in parts]


def _write_lake(db: duckdb.DuckDBPyConnection, lake: Path, districts: list[str]) -> None:
    """Write every table and view as Parquet, a folder per district; more districts in one scan would not fit into memory."""
    lake.mkdir()
    db.execute(f"set partitioned_write_max_open_files = {LAKE_DISTRICTS}")
    names = db.execute("select table_name from information_schema.tables where table_schema = 'marts' order by 1").fetchall()
    for first in range(0, len(districts), LAKE_DISTRICTS):
        db.execute(
            "create or replace table chosen as select unnest(?::varchar[]) as district_id",
            [districts[first : first + LAKE_DISTRICTS]],
        )
        for (name,) in names:
            rows = (
                "chosen_student_subgroup"
                if name == "rpt_student_subgroup"
                else f"marts.{name} where district_id in (from chosen)"
            )
            db.execute(
                f"copy (from {rows}) to '{lake / name}' (format parquet, compression zstd, "
                "partition_by (district_id), filename_pattern 'data', overwrite_or_ignore true)"
            )


def _extract(inputs: list[DistrictInput], scratch: Path) -> list[Path]:
    """Unpack the zips; returns the folder of each district's loose files."""

    def unpack(district: DistrictInput) -> Path:
        if district.roster.is_dir():
            return district.roster
        with zipfile.ZipFile(district.roster) as package:
            package.extractall(scratch / district.district_id)
        return scratch / district.district_id

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(unpack, inputs))


def _read_csv(paths: list[Path]) -> str:
    """SQL that reads files of one header as text, with the columns spelled out so that DuckDB sniffs nothing."""
    headers = {_header(path) for path in paths}
    if len(headers) != 1:
        raise ValueError(f"{paths[0].name}: the districts' headers differ")
    columns = ", ".join(f"'{name}': 'varchar'" for name in headers.pop())
    files = ", ".join(f"'{path}'" for path in paths)
    return f"read_csv([{files}], columns = {{{columns}}}, header = true, delim = ',', quote = '\"', filename = true)"


def _header(path: Path) -> tuple[str, ...]:
    with path.open(encoding="utf-8") as file:
        return tuple(file.readline().rstrip("\r\n").split(","))


def _subgroup_rows(inputs: list[DistrictInput]) -> str:
    """SQL of (filename, student_number, cells in the order of the settings); one part for each way of setting columns up."""
    groups: dict[tuple[str, ...], list[Path]] = {}
    for district in inputs:
        names = (district.student_id_column, *(column.header for column in district.columns))
        groups.setdefault(names, []).append(district.subgroup_csv)
    parts = []
    for (id_column, *headers), paths in groups.items():
        cells = ", ".join(f"coalesce(trim({_quoted(name)}), '')" for name in headers)
        parts.append(f"select filename, trim({_quoted(id_column)}) as student_number, [{cells}] as cells from {_read_csv(paths)}")
    return " union all ".join(parts)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _describe(db: duckdb.DuckDBPyConnection, inputs: list[DistrictInput], folders: list[Path], as_of: date) -> None:
    """Put what the settings say into four small tables."""
    db.execute("create schema marts")
    db.execute("create temp table district (district_id varchar, district_name varchar, match_field varchar, as_of_date date, "
               "received_at timestamp)")  # fmt: skip
    db.execute("create temp table file (filename varchar, district_id varchar)")
    db.execute("create temp table subgroup (district_id varchar, position integer, subgroup varchar, source_column varchar, "
               "is_open boolean, blank_value varchar, sensitivity varchar)")  # fmt: skip
    db.execute("create temp table setting (district_id varchar, subgroup varchar, match_text varchar, value varchar, "
               "value_order integer)")  # fmt: skip
    districts, files, subgroups, values = [], [], [], []
    for district, folder in zip(inputs, folders, strict=True):
        key = district.district_id
        if district.match_field.startswith("metadata."):
            raise ValueError(f"{key}: this script does not match by {district.match_field}")
        districts.append((key, district.name, district.match_field, as_of, RECEIVED_AT))
        files += [(str(folder / f"{kind}.csv"), key) for kind in CORE]
        files.append((str(district.subgroup_csv), key))
        for position, column in enumerate(district.columns, 1):
            subgroups.append((key, position, column.subgroup, column.header, column.is_open, column.blank, column.sensitivity))
            if not column.is_open:
                named = enumerate(column.values)
                values += [(key, column.subgroup, written.strip().lower(), value, order) for order, (written, value) in named]
    tables: dict[str, list[Any]] = {"district": districts, "file": files, "subgroup": subgroups, "setting": values}
    for table, rows in tables.items():
        marks = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
        db.execute(f"insert into {table} values {marks}", [cell for row in rows for cell in row])


def main() -> None:
    """Run from the command line and print the seconds of each step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--districts", type=int, default=20)
    parser.add_argument("--students", type=int, default=5_000)
    parser.add_argument("--everything", action="store_true", help="what a night publishes by now")
    arguments = parser.parse_args()
    inputs = generate(arguments.target, arguments.districts, arguments.students)
    for step, seconds in run(inputs, arguments.output, AS_OF, everything=arguments.everything).items():
        print(f"{step:12} {seconds:7.2f} s")


if __name__ == "__main__":
    main()
