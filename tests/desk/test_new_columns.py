"""Which cells of a column that is not set up are shown: codes, and nothing that may be one person's own."""

from __future__ import annotations

from subgroup_pipeline.desk.new_columns import MOST_VALUES, NewColumns, new_columns
from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.registry.delivery_record import DeliveryRecord, FileReading, FileRecord
from subgroup_pipeline.registry.ledger import get_delivery
from tests.support.place import Place

ROWS = 120


def _seen(place: Place, header: str, *columns: list[str], reading: FileReading | None = None) -> NewColumns:
    """What is shown of a file with IDs, `ell`, and these columns."""
    district = place.add()
    joint = reading.delimiter if reading else ","
    rows = [joint.join((f"s{n:03}", "Y", *(column[n] for column in columns))) for n in range(ROWS)]
    text = "\n".join([joint.join(("student_id", "ell", *header.split("|"))), *rows]) + "\n"
    delivery_id = place.deliver("subgroups", {"s.csv": text.encode(reading.encoding if reading else "utf-8")}, district)
    with place.registry.begin() as session:
        noted = {"s.csv": FileRecord(table="subgroup_row", reading=reading)}
        get_delivery(session, delivery_id).record = DeliveryRecord(files=noted)
    return new_columns(place.registry, place.settings, registered_district(place.registry, district))


def _some(*texts: str) -> list[str]:
    return [texts[n % len(texts)] for n in range(ROWS)]


def _shown(seen: NewColumns) -> dict[str, list[tuple[str, int]]]:
    return {column.name: column.values for column in seen.columns}


def test_codes_are_shown_with_their_rows(place: Place) -> None:
    seen = _seen(place, "gifted|sec_504", _some("Y", "N"), ["Z", "Z", *_some("Y", "N", "")[2:]])
    assert _shown(seen) == {"gifted": [("Y", 60), ("N", 60)], "sec_504": [("Y", 39), ("N", 39), ("Z", 2)]}
    assert [column.likely for column in seen.columns] == ["gifted", "section_504"]


def test_what_may_be_one_persons_own_is_not_shown(place: Place) -> None:
    names = "First Name|teacher|lunch_id|note|code|house|2026-10-01"
    many = [f"v{n % (MOST_VALUES + 1)}" for n in range(ROWS)]
    long = _some("a sentence about one student that is longer than any code", "no")
    once = [*[f"{n}" for n in range(MOST_VALUES)], *[""] * (ROWS - MOST_VALUES)]
    seen = _seen(place, names, _some("Ann"), _some("Mr. B"), _some("17"), long, many, once, _some("yes"))
    assert [column.name for column in seen.columns] == ["First Name", "teacher", "lunch_id", "note", "code", "house", "column 9"]
    assert not any(column.values for column in seen.columns)
    assert [column.name for column in seen.columns if column.is_asked] == ["note", "code", "house"]


def test_a_file_is_read_as_it_was_screened(place: Place) -> None:
    reading = FileReading(encoding="cp1252", delimiter=";", columns={"ell": "EL"})
    seen = _seen(place, "gifted|EL", _some("é", "N"), _some("Y"), reading=reading)
    assert _shown(seen) == {"gifted": [("é", 60), ("N", 60)]}


def test_a_file_without_a_header_gives_no_cell_away(place: Place) -> None:
    district = place.add()
    place.deliver("subgroups", {"s.csv": "s001,Ann,Y\n" + "s002,Bob,N\n" * 50}, district)
    seen = new_columns(place.registry, place.settings, registered_district(place.registry, district))
    assert [column.name for column in seen.columns] == ["column 1", "column 2", "column 3"]
    assert not any(column.values or column.is_asked for column in seen.columns)


def test_a_file_that_is_gone_or_never_came_is_said(place: Place) -> None:
    district = registered_district(place.registry, place.add())
    assert "has come yet" in new_columns(place.registry, place.settings, district).problem
    delivery_id = place.deliver("subgroups", {"s.csv": "student_id,ell\n"})
    DistrictArchive(place.settings.paths, "alpha").place(place.delivery(delivery_id).files[0].sha256).unlink()
    assert "not kept any more" in new_columns(place.registry, place.settings, district).problem
