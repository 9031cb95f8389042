"""Words that a district's settings read as blank (NULL, N/A, -): such cells of subgroups become blank once they are landed.

Nothing after landing has to know of them: checks, guards and models see a blank cell, and the archive keeps what came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES
from subgroup_pipeline.warehouse.rows import insert_rows
from subgroup_pipeline.warehouse.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from subgroup_pipeline.districts.district_file import Subgroups
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.landing.screen import Screening

_BLANK_WORD = Table(
    "temp",
    "blank_word",
    "The words that the district of a delivery reads as blank.",
    {
        "delivery_id": Column("varchar", "The delivery."),
        "words": Column("map(varchar, varchar[])", "In lower case, by key of the map that holds the cells."),
    },
)


def blank_cells(
    connection: duckdb.DuckDBPyConnection, screenings: Iterable[Screening], districts: Mapping[str, RegisteredDistrict]
) -> None:
    """Empty the cells of these landed deliveries that hold a word which their district reads as blank. Safe to repeat."""
    words = {d.district_id: _words(d.settings.subgroups) for d in districts.values() if d.settings.subgroups}
    rows = [
        {"delivery_id": screening.delivery_id, "words": of_district}
        for screening in screenings
        if (of_district := words.get(screening.district_id))
    ]
    if not rows:
        return
    connection.execute(f"create or replace temp table {_BLANK_WORD} {_BLANK_WORD.definition}")
    insert_rows(connection, _BLANK_WORD, rows)
    for table in RAW_TABLES.values():
        if not table.has_subgroups:
            continue
        cells = table.map_column
        connection.execute(
            f"update {table} as r set {cells} = map_from_entries(list_transform(map_entries(r.{cells}), lambda cell: "
            "{'key': cell.key, 'value': case when not list_contains(coalesce(w.words[cell.key], []), lower(cell.value)) "
            f"then cell.value end}})) from {_BLANK_WORD} w where r.delivery_id = w.delivery_id and r.{cells} is not null"
        )


def _words(subgroups: Subgroups) -> dict[str, list[str]]:
    """The words by key of the map: the header of a column of the file, the name of one of `metadata.`."""
    return {
        place.column.removeprefix("metadata."): words
        for name in subgroups.columns
        for place in subgroups.places(name)
        if place.source != "demographics" and (words := subgroups.words_read_as_blank(name))
    }
