"""The rows behind findings: one pass per file finds them all, and they are kept without any other cell."""

from __future__ import annotations

from collections import Counter

from subgroup_pipeline.findings.finding import MOST_ROWS, Finding
from subgroup_pipeline.landing.failing_rows import FailingRow, keep_failing_rows, kept_failing_rows
from subgroup_pipeline.reading.row_lookup import FoundRow, KeyedRows
from tests.support.place import Place

TEXT = 'student_id,note,ell\ns1,"two\nlines",Y\n\n s2 ,x,N\n,blank,Y\n,,\ns2,y,Y\ns3,SECRET,Y\n'


def _put(place: Place, text: str = TEXT) -> str:
    place.add()
    return place.deliver("subgroups", {"s.csv": text})


def test_one_pass_finds_the_rows_of_several_findings(place: Place) -> None:
    delivery = place.delivery(_put(place))
    wanted = [
        KeyedRows("Student-ID", ["s2", "s1"]), KeyedRows("student_id", [""]), KeyedRows("ell", ["Y"]), KeyedRows("none", ["s1"]),
        KeyedRows("student_id", ["s2"]),
    ]  # fmt: skip
    assert place.rows(delivery.delivery_id, "s.csv", wanted, 3) == [
        [FoundRow(2, 1, "s1"), FoundRow(5, 2, "s2"), FoundRow(8, 4, "s2")],
        [FoundRow(6, 3, "")],
        [FoundRow(2, 1, "Y"), FoundRow(6, 3, "Y"), FoundRow(8, 4, "Y")],
        [],
        [FoundRow(5, 2, "s2"), FoundRow(8, 4, "s2")],
    ]


def test_a_file_that_is_not_there_and_a_cell_too_long_have_no_rows(place: Place) -> None:
    delivery = place.delivery(_put(place, "student_id,note\ns1,x\ns2," + "x" * 1_100_000 + "\ns1,y\n"))
    assert place.rows(delivery.delivery_id, "none.csv", [KeyedRows("student_id", ["s1"])], 5) == [[]]
    found = place.rows(delivery.delivery_id, "s.csv", [KeyedRows("student_id", ["s1"])], 5)
    assert found == [[FoundRow(2, 1, "s1")]]


def test_findings_get_their_first_lines_and_lose_their_keys(place: Place) -> None:
    delivery = place.delivery(_put(place, "student_id\n" + "s1\n" * 9))
    given = [
        Finding("HDR003", file="s.csv", line=1, column="extra"),
        Finding("SUB503", file="s.csv", column="student_id", count=9, key_column="student_id", keys=("s1",)),
        Finding("SUB508", file="s.csv", count=9),
    ]
    located, rows = place.locate(delivery.delivery_id, given)
    assert [finding.lines for finding in located] == [(), (2, 3, 4, 5, 6), ()]
    assert [finding.keys for finding in located] == [(), (), ()]
    assert "s1" not in repr(given)
    assert rows == [
        *(FailingRow("SUB503", "s.csv", line, line - 1, "student_id", "s1") for line in range(2, 11)),
        FailingRow("HDR003", "s.csv", 1, None, "extra", ""),
    ]


def test_a_finding_without_keys_is_about_rows_without_one(place: Place) -> None:
    delivery = place.delivery(_put(place))
    located, _ = place.locate(delivery.delivery_id, [Finding("SUB501", file="s.csv", count=1, key_column="student_id")])
    assert located[0].lines == (6,)


def test_the_gravest_rows_are_kept_when_there_are_too_many(place: Place) -> None:
    delivery = place.delivery(_put(place, "student_id,ell\n" + "s1,Maybe\n" * MOST_ROWS + "s2,Y\n"))
    warning = Finding("SUB506", file="s.csv", column="ell", count=MOST_ROWS, key_column="student_id", keys=("s1",))
    error = Finding("SUB503", file="s.csv", column="student_id", count=1, key_column="student_id", keys=("s2",))
    _, rows = place.locate(delivery.delivery_id, [warning, error])
    assert len(rows) == MOST_ROWS
    assert rows[0].code == "SUB503"


def test_kept_rows_come_back_and_are_replaced(place: Place) -> None:
    delivery = place.delivery(_put(place))
    _, rows = place.locate(delivery.delivery_id, [Finding("SUB503", file="s.csv", key_column="student_id", keys=("s3",))])
    keep_failing_rows(place.settings.paths, delivery, "quality", rows)
    assert kept_failing_rows(place.settings.paths, delivery) == rows == [FailingRow("SUB503", "s.csv", 9, 5, "", "s3")]
    (path,) = place.settings.paths.failing_rows.rglob("*.json")
    assert "SECRET" not in path.read_text()
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.write_text('[["SUB503","s.csv"')
    assert kept_failing_rows(place.settings.paths, delivery) == [], "a damaged file stops no report"
    keep_failing_rows(place.settings.paths, delivery, "quality", [])
    assert not path.exists()


def test_the_cell_is_kept_where_the_finding_is_about_a_word_and_nowhere_else(place: Place) -> None:
    delivery = place.delivery(_put(place, "student_id,ell\ns1,Maybe\ns2,N\n"))
    found = [
        Finding(code, file="s.csv", column="ELL", count=1, key_column="ell", keys=("Maybe",), id_column="student_id")
        for code in ("SUB506", "SUB540")
    ]
    _, rows = place.locate(delivery.delivery_id, found)
    assert [(row.code, row.row_key, row.cell) for row in rows] == [("SUB540", "s1", ""), ("SUB506", "s1", "Maybe")]
    by_id = Finding("VOC203", file="s.csv", column="ell", count=1, key_column="student_id", keys=("s1",))
    _, rows = place.locate(delivery.delivery_id, [by_id])
    assert [(row.row_key, row.cell) for row in rows] == [("s1", "Maybe")]


def test_a_grave_finding_with_many_rows_leaves_room_for_the_others(place: Place) -> None:
    delivery = place.delivery(_put(place, "student_id,ell\n" + "s1,Maybe\n" * MOST_ROWS))
    error = Finding("SUB503", file="s.csv", column="student_id", key_column="student_id", keys=("s1",))
    warning = Finding("SUB506", file="s.csv", column="ell", key_column="ell", keys=("Maybe",), id_column="student_id")
    _, rows = place.locate(delivery.delivery_id, [warning, error])
    assert Counter(row.code for row in rows) == {"SUB503": MOST_ROWS // 2, "SUB506": MOST_ROWS // 2}
