"""A report says what ledger, kept rows and manifest say of a delivery."""

from __future__ import annotations

from typing import Any

import pytest

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.findings.finding import MOST_ROWS, Finding
from subgroup_pipeline.landing.failing_rows import FailingRow, keep_failing_rows
from subgroup_pipeline.registry.delivery_record import ChangedStudents, DeliveryRecord, FileRecord
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.registry.ledger import get_delivery
from subgroup_pipeline.reports.assemble import build_reports
from subgroup_pipeline.reports.report import Report
from tests.support.place import Place

BAD = Finding("SUB503", file="s.csv", column="student_id", count=3, lines=(3, 4, 5))


def _row(line: int, key: str, code: str = "SUB503", column: str = "student_id") -> FailingRow:
    return FailingRow(code, "s.csv", line, line - 1, column, key)


def _judge(place: Place, delivery_id: str, findings: list[Finding], rows: list[FailingRow], **fields: Any) -> None:  # noqa: ANN401
    """Leave a delivery as the night leaves it."""
    with place.registry.begin() as session:
        delivery = get_delivery(session, delivery_id)
        store_findings(session, "quality", delivery.district_id, delivery_id, findings)
        usual: dict[str, Any] = {"state": "published", "verdict": "accepted_with_rows_set_aside", "rules_version": "1"}
        file = FileRecord(table="subgroup_row", lines=11, records=10, set_aside=1)
        usual["record"] = DeliveryRecord(files={"s.csv": file}, rows_set_aside_by_checks=3, student_ids=9, matched=6)
        for name, value in (usual | fields).items():
            setattr(delivery, name, value)
    keep_failing_rows(place.settings.paths, place.delivery(delivery_id), "quality", rows)


def _report(place: Place, delivery_id: str) -> Report:
    districts = {one.district_id: one for one in registered_districts(place.registry)}
    (report,) = build_reports(place.registry, place.settings, districts, [place.delivery(delivery_id)])
    return report


def _deliver(place: Place, number: int = 0) -> str:
    place.add()
    return place.deliver("subgroups", {"s.csv": f"student_id,ell\n{number},Y\n"})


def test_the_header_says_what_came_and_what_became_of_it(place: Place) -> None:
    delivery_id = _deliver(place)
    _judge(place, delivery_id, [BAD], [_row(3, "a"), _row(4, "b"), _row(5, "c")])
    report = _report(place, delivery_id)
    assert report.verdict_in_words == "Published, but 4 rows had to be left out."
    assert report.counts.model_dump() == {
        "lines": 11, "rows": 10, "used": 6, "set_aside": 4, "duplicates": 0, "student_ids": 9, "matched": 6,
    }  # fmt: skip
    (file,) = report.files
    assert (file.name, file.size, len(file.sha256)) == ("s.csv", 19, 12)
    assert report.received_local.endswith(("CDT", "CST"))
    assert report.next_run is not None
    assert report.next_run.endswith(("CDT", "CST"))
    assert (report.shown, report.changes, report.solved) == (None, None, None)
    assert [(row.line, row.row_key) for row in report.rows] == [(3, "a"), (4, "b"), (5, "c")]
    assert report.rows_not_listed == 0


@pytest.mark.parametrize("verdict", ["held", "rejected"])
def test_nothing_of_a_delivery_that_waits_or_was_refused_is_used(place: Place, verdict: str) -> None:
    delivery_id = _deliver(place)
    _judge(place, delivery_id, [BAD], [], state=verdict, verdict=verdict)
    assert _report(place, delivery_id).counts.used == 0


def test_rows_of_landing_and_of_the_checks_stand_together_the_gravest_first(place: Place) -> None:
    delivery_id = _deliver(place)
    warning = Finding("SUB506", file="s.csv", column="ell", count=40)
    absent = Finding("SUB507", file="s.csv", count=500)
    _judge(place, delivery_id, [absent, warning, BAD], [_row(3, "a"), _row(9, "z", "SUB506", "ell")])
    keep_failing_rows(
        place.settings.paths, place.delivery(delivery_id), "landing", [FailingRow("ROW002", "s.csv", 7, None, "", "")]
    )
    with place.registry.begin() as session:
        delivery = get_delivery(session, delivery_id)
        ragged = [Finding("ROW002", file="s.csv", count=1, lines=(7,))]
        store_findings(session, "landing", delivery.district_id, delivery_id, ragged)
    report = _report(place, delivery_id)
    assert {(row.code, row.line) for row in report.rows[:2]} == {("SUB503", 3), ("ROW002", 7)}
    assert [(row.code, row.line, row.column) for row in report.rows[2:]] == [("SUB506", 9, "ell")]
    assert report.rows_not_listed == 2 + 39, "of SUB503 and SUB506; students who are not in the file have no row there"


def test_at_most_ten_thousand_rows_are_listed(place: Place) -> None:
    delivery_id = _deliver(place)
    many = Finding("SUB503", file="s.csv", column="student_id", count=MOST_ROWS + 5)
    _judge(place, delivery_id, [many], [_row(line, str(line)) for line in range(2, MOST_ROWS + 2)])
    report = _report(place, delivery_id)
    assert (len(report.rows), report.rows_not_listed) == (MOST_ROWS, 5)


def test_what_was_solved_since_the_last_upload_is_counted_by_code_and_id(place: Place) -> None:
    first, second = _deliver(place, 1), _deliver(place, 2)
    info = Finding("DUP401", file="s.csv", count=1)
    _judge(place, first, [BAD, info], [_row(n, f"id{n}") for n in range(2, 417)] + [_row(2, "x", "DUP401"), _row(9, "")])
    _judge(place, second, [BAD], [_row(900, "id2"), _row(3, "id3"), _row(5, "id4"), _row(6, "id5", "SUB505"), _row(7, "")])
    solved = _report(place, second).solved
    assert solved is not None
    assert solved.model_dump() == {"previous_delivery_id": first, "before": 415, "solved": 412, "new": 1}
    assert _report(place, first).solved is None


def test_a_file_that_could_not_be_read_solves_nothing_and_is_passed_over(place: Place) -> None:
    first, second, third = _deliver(place, 1), _deliver(place, 2), _deliver(place, 3)
    _judge(place, first, [BAD], [_row(3, "a"), _row(4, "b")])
    _judge(place, second, [Finding("ENC001", file="s.csv")], [], state="rejected", verdict="rejected", record=DeliveryRecord())
    _judge(place, third, [BAD], [_row(3, "a")])
    assert _report(place, second).solved is None
    solved = _report(place, third).solved
    assert solved is not None
    assert (solved.previous_delivery_id, solved.before, solved.solved) == (first, 2, 1)


def test_changes_are_shown_when_a_guard_counted_them(place: Place) -> None:
    delivery_id = _deliver(place)
    _judge(place, delivery_id, [], [], record=DeliveryRecord(changes=ChangedStudents(new=3, changed=2, removed=1)))
    changes = _report(place, delivery_id).changes
    assert changes is not None
    assert (changes.new, changes.changed, changes.removed) == (3, 2, 1)
