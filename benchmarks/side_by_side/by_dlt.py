"""Landing with dlt into DuckDB, as text, with the district beside each row: rows as its guide shows, and Arrow tables.

`rows`: a resource per table that reads with `csv.DictReader` and yields pages, as dlt's page on performance recommends, with its
buffers and its rotation of files set as that page says, so that two processes normalise. `arrow`: the same resources yield
what DuckDB's own CSV reader gives, a table per file.
Run in .bench: python -m benchmarks.side_by_side.by_dlt rows|arrow LIST FOLDER WORK
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.side_by_side.work import Work, saved_list, unpacked

PAGE = 5_000
"""Rows of a page: dlt's documentation says that 1,000 to 10,000 pay."""
TUNED = {
    "DATA_WRITER__BUFFER_MAX_ITEMS": "50000",
    "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "100000",
    "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "100000",
    "NORMALIZE__WORKERS": "2",
    "LOAD__WORKERS": "2",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}
"""dlt's settings, by the names of environment variables: two cores, and files that both can take a share of."""


def pages(files: dict[str, Path]) -> Iterator[list[dict[str, str]]]:
    """Rows of a table, page by page."""
    for district_id, path in files.items():
        with path.open(encoding="utf-8", newline="") as file:
            rows = ({"district_id": district_id, **row} for row in csv.DictReader(file))
            while page := list(islice(rows, PAGE)):
                yield page


def arrow_tables(files: dict[str, Path]) -> Iterator[Any]:
    """Rows of a table, an Arrow table per file."""
    with duckdb.connect(":memory:", config={"threads": 2}) as connection:
        for district_id, path in files.items():
            query = "select ? as district_id, * from read_csv(?, header = true, all_varchar = true)"
            yield connection.execute(query, [district_id, str(path)]).to_arrow_table()


def land(tables: dict[str, dict[str, Path]], read: Callable[[dict[str, Path]], Iterator[Any]], folder: Path) -> None:
    """Load all tables into `folder/landed.duckdb`."""
    import dlt

    pipeline = dlt.pipeline(
        "landing",
        pipelines_dir=str(folder / "dlt"),
        destination=dlt.destinations.duckdb(str(folder / "landed.duckdb")),
        dataset_name="raw",
    )
    resources = [dlt.resource(read(files), name=name, write_disposition="append") for name, files in tables.items()]
    pipeline.run(resources)


def tables_in(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables that were landed, by dlt's names for them; its own are not among them."""
    names = connection.execute("select table_name from duckdb_tables() where schema_name = 'raw' order by 1").fetchall()
    return [name for (name,) in names if not name.startswith("_dlt")]


def main() -> None:
    """Run from the command line."""
    way, listed, folder, report = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
    os.environ.update(TUNED)
    import dlt  # noqa: F401 - loaded before the clock runs

    work = Work()
    with work.part("landing"):
        tables = unpacked(saved_list(listed), folder / "files")
        land(tables, pages if way == "rows" else arrow_tables, folder)
    with duckdb.connect(str(folder / "landed.duckdb"), read_only=True) as connection:
        work.rows = sum(connection.table(f"raw.{name}").shape[0] for name in tables_in(connection))
    work.save(report)


if __name__ == "__main__":
    main()
