"""Words that settings read as blank are blank in `raw`, of every delivery that is live, as long as the settings name them."""

from __future__ import annotations

from subgroup_pipeline.registry.ledger import get_delivery
from tests.support import small_district as small
from tests.support.place import Place

FILE = "student_id,ell,sped\ns000, NULL ,n/a\ns001,null,y\nNULL,-,\n"
WORDS = {
    "  student_id_column": "  sources: [file, roster_metadata]\n  blank_words: [Null, N/A]\n  student_id_column",
    "blank: no}": 'blank: no, blank_words: ["-"]}',
}
NO_WORDS = {"  student_id_column": "  sources: [file, roster_metadata]\n  student_id_column"}


def _roster(*metadata: str) -> dict[str, str]:
    """A roster whose users have `metadata.ell` and `metadata.sped`, the later ones without."""
    files = small.roster(10)
    header, *rows = files["users.csv"].splitlines()
    cells = [*metadata, *[","] * (len(rows) - len(metadata))]
    lines = [f"{header},metadata.ell,metadata.sped", *(f"{row},{cell}" for row, cell in zip(rows, cells, strict=True))]
    return {**files, "users.csv": "\n".join(lines) + "\n"}


def _cells(place: Place, table: str, cells: str) -> list[tuple[str | None, str | None]]:
    """`ell` and `sped` of the first rows, trimmed."""
    return place.ask(f"select trim({cells}['ell']), trim({cells}['sped']) from raw.{table} order by 1, 2")[:3]


def test_words_become_blank_and_come_back_with_the_settings(place: Place) -> None:
    place.add(**WORDS)
    for delivery in (place.deliver("roster", _roster("NULL,NULL", "-,-")), place.deliver("subgroups", {"s.csv": FILE})):
        place.land()
        place.set_state(delivery, "published")
    assert _cells(place, "users", "metadata")[:2] == [("-", None), (None, "NULL")]
    assert _cells(place, "subgroup_row", "cells") == [("-", None), (None, "n/a"), (None, "y")]
    # The student's ID is none of these cells.
    assert place.table("subgroup_row", "student_id") == [("NULL",), ("s000",), ("s001",)]
    place.add(**NO_WORDS)
    place.land()
    assert _cells(place, "users", "metadata")[:2] == [("-", "-"), ("NULL", "NULL")]
    assert ("NULL", "n/a") in _cells(place, "subgroup_row", "cells")


def test_rows_that_a_delta_carries_over_are_read_by_the_newest_settings_too(place: Place) -> None:
    place.add(**NO_WORDS)
    base = place.deliver("roster", _roster("Y,NULL", "NULL,-"))
    place.land()
    place.set_state(base, "superseded")
    header, first, *_ = _roster("NULL,y")["users.csv"].splitlines()
    manifest = small.manifest({}).replace("file.users,absent", "file.users,delta")
    delta = place.deliver("roster", {"manifest.csv": manifest, "users.csv": f"{header}\n{first}\n"})
    place.land()
    with place.registry.begin() as session:
        get_delivery(session, delta).base_delivery_id = base
    place.set_state(delta, "published")
    place.add(**WORDS)
    place.land()
    rows = place.ask(f"select metadata['ell'], metadata['sped'] from raw.users where delivery_id = '{delta}' order by sourcedId")
    assert rows[:2] == [(None, "y"), (None, None)]
    assert len(rows) == 10
