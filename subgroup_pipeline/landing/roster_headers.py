"""The headers of landed roster files that subgroups may be read from: what tells a missing column from a blank one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.header_name import canonical
from subgroup_pipeline.warehouse.control_tables import LANDED_HEADER
from subgroup_pipeline.warehouse.rows import insert_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from subgroup_pipeline.landing.screen import Screening

FILES = ("users.csv", "demographics.csv")


def note_headers(connection: duckdb.DuckDBPyConnection, screenings: Iterable[Screening]) -> None:
    """Note the headers of these deliveries' files; whatever stood there of them was deleted with their rows.

    A name that stands twice is left out: its cells are not landed.
    """
    rows = [
        {"delivery_id": screening.delivery_id, "file_name": file.file_name, "header": name}
        for screening in screenings
        for file in screening.files
        if file.file_name in FILES
        for name, count in Counter(map(canonical, file.shape.header)).items()
        if count == 1
    ]
    insert_rows(connection, LANDED_HEADER, rows)


def carry_headers_over(connection: duckdb.DuckDBPyConnection, delivery_id: str, base_delivery_id: str) -> None:
    """Give a delta the headers of files that it takes over from its base unchanged. Safe to repeat.

    A file that both have keeps the delta's header: what the delta leaves out is no longer shared.
    """
    connection.execute(
        "insert into control.landed_header select ?, file_name, header from control.landed_header "
        "where delivery_id = ? and file_name not in (select file_name from control.landed_header where delivery_id = ?)",
        [delivery_id, base_delivery_id, delivery_id],
    )


def rosters_with_headers(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Deliveries whose headers are noted; a warehouse of an older version has none."""
    return {row[0] for row in connection.execute("select distinct delivery_id from control.landed_header").fetchall()}
