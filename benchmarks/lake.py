"""What the lake of a snapshot costs, against other ways to give each district its own files.

    python -m benchmarks.lake --districts 100 --students 2050 [--scattered]

A file of the published tables' shape is made first: 12 subgroups and 7 enrollments per student, a report of 1,200 rows and
17 small tables per district. `--scattered`: rows of all districts stand mixed, as a hash join leaves them; otherwise one
district's rows follow another's. Each way runs in a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from subgroup_pipeline.publish import lake

_ID = "'district_of_the_state_' || lpad(d::varchar, 4, '0')"
"""The first eight letters, all that DuckDB keeps of a block's least and greatest text, are those of every district."""


def make_source(path: Path, districts: int, students: int, *, scattered: bool) -> None:
    """Write the file that the ways read."""
    order = "order by hash(d, i, j)" if scattered else ""
    person = "md5(d::varchar || 's' || i::varchar)"
    tables = {
        "dim_student": (students, 1, f"{person} as student_id, 'Given ' || i % 500 as given_name, 'Family ' || i as family_name"),
        "fct_student_subgroup": (
            students,
            12,
            f"{person} as student_id, 'subgroup_' || j as subgroup, if(hash(i, j) % 5 = 0, 'yes', 'no') as value, "  # noqa: ISC004
            "md5(d::varchar) as delivery_id, timestamp '2026-10-01 03:00:00' as received_at",
        ),
        "fct_enrollment": (students, 7, f"{person} as student_id, md5(d::varchar || 'c' || hash(i, j) % 600) as class_id"),
        "rpt_course_subgroup": (1200, 1, "'course ' || i // 24 as course_id, i % 24 as subgroup, hash(i) % 90 as student_count"),
    } | {f"small_{n}": (20, 1, "i as key, hash(i, d) as number, 'text ' || i as label") for n in range(17)}
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts; set preserve_insertion_order = true")
        for name, (rows, each, columns) in tables.items():
            connection.execute(
                f"create table marts.{name} as select {_ID} as district_id, {columns} "
                f"from range({districts}) as a (d), range({rows}) as b (i), range({each}) as c (j) {order}"
            )


def _in_hundreds(connection: duckdb.DuckDBPyConnection, tables: list[str], districts: list[str], out: Path) -> None:
    """What a publish does."""
    lake.open_source(connection, ("marts", "quality"))
    for first in range(0, len(districts), lake.AT_A_TIME):
        lake.narrow(connection, districts[first : first + lake.AT_A_TIME])
        for table in tables:
            (out / table).mkdir(exist_ok=True)
            lake.write_table(connection, f"marts.{table}", out / table, districts[first : first + lake.AT_A_TIME])


def _in_one_scan(connection: duckdb.DuckDBPyConnection, tables: list[str], districts: list[str], out: Path) -> None:
    """One scan per table, with as many files open as there are districts."""
    connection.execute(f"set partitioned_write_max_open_files = {len(districts)}")
    lake.open_source(connection, ("marts", "quality"))
    lake.narrow(connection, districts)
    for table in tables:
        (out / table).mkdir()
        lake.write_table(connection, f"marts.{table}", out / table, districts)


def _one_by_one(connection: duckdb.DuckDBPyConnection, tables: list[str], districts: list[str], out: Path) -> None:
    """A statement per table and district."""
    for table in tables:
        for district_id in districts:
            folder = out / table / f"district_id={district_id}"
            folder.mkdir(parents=True)
            query = f"select * exclude (district_id) from source.marts.{table} where district_id = '{district_id}'"
            connection.execute(f"copy ({query}) to '{folder}/data.parquet' (format parquet, compression zstd)")


def _databases(connection: duckdb.DuckDBPyConnection, tables: list[str], districts: list[str], out: Path) -> None:
    """A DuckDB file per district, as before."""
    for district_id in districts:
        connection.execute(f"attach '{out}/{district_id}.duckdb' as store (block_size 16384); create schema store.marts")
        for table in tables:
            query = f"select * from source.marts.{table} where district_id = '{district_id}'"
            connection.execute(f"create table store.marts.{table} as {query}")
        connection.execute("detach store")


WAYS = {"in hundreds": _in_hundreds, "in one scan": _in_one_scan, "one by one": _one_by_one, "databases": _databases}


def measure(way: str, source: Path) -> str:
    """Run one way; gives its figures in a line of a table."""
    with tempfile.TemporaryDirectory(dir=source.parent) as folder, duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(f"attach '{source}' as source (read_only)")
        names = connection.execute("select table_name from duckdb_tables() where database_name = 'source' order by 1").fetchall()
        districts = connection.execute("select distinct district_id from source.marts.small_0 order by 1").fetchall()
        begun, cpu = time.perf_counter(), time.process_time()
        WAYS[way](connection, [row[0] for row in names], [row[0] for row in districts], Path(folder))
        wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return f"| {way} | {wall:.1f} s | {cpu:.1f} s | {size:.0f} MB | {memory:.2f} GiB |"


def main() -> None:
    """Make the file, and measure each way."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--districts", type=int, default=100)
    parser.add_argument("--students", type=int, default=2050)
    parser.add_argument("--scattered", action="store_true", help="rows of all districts stand mixed")
    parser.add_argument("--way", choices=WAYS, action="append", help="only this one (may be given again)")
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.source:
        sys.stdout.write(measure(given.way[0], given.source) + "\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.duckdb"
        make_source(source, given.districts, given.students, scattered=given.scattered)
        sys.stdout.write("| way | wall | CPU | size | memory |\n|-|-|-|-|-|\n")
        for way in given.way or WAYS:
            sys.stdout.flush()
            subprocess.run([sys.executable, "-m", "benchmarks.lake", "--source", source, "--way", way], check=True)


if __name__ == "__main__":
    main()
