"""`raw.set_aside_row`: the rows that screening did not land, kept with reason, line and text, as far as they may be kept."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from subgroup_pipeline.warehouse.raw_tables import SET_ASIDE_ROW
from subgroup_pipeline.warehouse.rows import insert_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from subgroup_pipeline.landing.screen import ScreenedFile, Screening
    from subgroup_pipeline.reading.shape import SetAsideRow
    from subgroup_pipeline.registry.schema import Delivery


def rows_not_landed(delivery: Delivery, file_name: str) -> int:
    """Rows of a file that screening set aside, as the ledger has them."""
    file = delivery.record.files.get(file_name)
    return file.set_aside if file is not None else 0


def keep_set_aside_rows(connection: duckdb.DuckDBPyConnection, screenings: Iterable[Screening]) -> None:
    """Write the set-aside rows of these deliveries, of which none are there yet."""
    rows = [
        {
            "district_id": screening.district_id,
            "delivery_id": screening.delivery_id,
            "file_name": file.file_name,
            "line": row.line,
            "code": row.code,
            "text": _shown(row, file),
        }
        for screening in screenings
        for file in screening.files
        for row in file.shape.set_aside_rows
    ]
    insert_rows(connection, SET_ASIDE_ROW, rows)


def _shown(row: SetAsideRow, file: ScreenedFile) -> str | None:
    """The text of a row, without cells of columns that are not landed (passwords, columns nobody set up).

    Where the row has another number of cells than the header nobody knows which those are: then it is not kept.
    """
    landed = {position for _, position in (*file.mapping.columns, *file.mapping.keyed)}
    if len(landed) == file.mapping.width:
        return row.text
    try:
        cells = next(csv.reader([row.text], delimiter=file.shape.delimiter), [])
    except csv.Error:
        return None
    if len(cells) != file.mapping.width:
        return None
    return file.shape.delimiter.join(cell if position in landed else "" for position, cell in enumerate(cells))
