"""One student who is erased: gone from every place, left out of whatever comes later, and everybody else as they were."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from subgroup_pipeline.desk.one_student import erase, show_student
from subgroup_pipeline.errors import UnknownStudentError
from subgroup_pipeline.intake.archive import DistrictArchive, archived_files, incoming_file
from subgroup_pipeline.intake.archive_proof import changed_files, require_archive
from subgroup_pipeline.landing.failing_rows import FailingRow, keep_failing_rows, kept_failing_rows
from subgroup_pipeline.registry.schema import AuditEvent
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.place import Place
from tests.support.traces import traces

BY_NUMBER = {"matches: users.sourcedId": "matches: users.identifier"}
_TRACES = r"s005\b|Given5\b|Family5\b|\b00005\b"


def _subgroups(students: int) -> str:
    """By the students' numbers, as `matches` says, and not by their own IDs."""
    return small.subgroups(students).replace("\ns", "\n00")


def _users(place: Place, delivery_id: str) -> set[str]:
    with open_warehouse(place.settings) as connection:
        query = 'select "sourcedId" from raw.users where delivery_id = ?'
        return {row[0] for row in connection.execute(query, [delivery_id]).fetchall()}


@pytest.fixture
def held(place: Place) -> tuple[Place, str, str]:
    """A district whose rosters come in zips and whose subgroup files name students by number."""
    place.add("alpha", **BY_NUMBER)
    delivered = (
        place.deliver("roster", {"roster.zip": zip_of(small.roster(12))}),
        place.deliver("subgroups", {"s.csv": _subgroups(12)}),
    )
    place.land()
    keep_failing_rows(
        place.settings.paths,
        place.delivery(delivered[1]),
        "quality",
        [FailingRow("SUB503", "s.csv", 7, 6, "student_id", "00005"), FailingRow("SUB503", "s.csv", 8, 7, "student_id", "00006")],
    )
    report = place.settings.paths.reports / "alpha"
    report.mkdir(parents=True)
    (report / "one.csv").write_text("SUB503,s.csv,7,00005\n")
    (report / "two.csv").write_text("SUB503,s.csv,8,00006\n")
    return place, *delivered


def _erase(place: Place, *, dry_run: bool = False) -> dict[str, int]:
    done = erase(place.registry, place.settings, "alpha", "s005", by="M. Diaz", reason="asked in May", dry_run=dry_run)
    return done.removed


def test_everything_of_the_student_is_gone_and_the_others_are_as_they_were(held: tuple[Place, str, str]) -> None:
    place, roster, subgroups = held
    before = traces(place.settings, _TRACES)
    expected = {"archive/": 3, "warehouse/raw.duckdb": 3, "failing_rows/": 1, "reports/": 1}
    assert _erase(place, dry_run=True) == expected
    assert traces(place.settings, _TRACES) == before
    assert _erase(place) == expected
    assert traces(place.settings, _TRACES) == {}
    assert [row.row_key for row in kept_failing_rows(place.settings.paths, place.delivery(subgroups))] == ["00006"]
    assert (place.settings.paths.reports / "alpha" / "two.csv").exists()
    assert changed_files(place.settings.paths, archived_files(place.settings.paths)) == set()
    require_archive(place.registry, place.settings)
    place.land()
    assert _users(place, roster) == {f"s{n:03}" for n in range(12)} - {"s005"}
    with place.registry.begin() as session:
        (event,) = session.scalars(sa.select(AuditEvent).filter_by(kind="student.erased"))
        assert (event.actor, event.detail["reason"]) == ("M. Diaz", "asked in May")
        assert "s005" not in str(event.detail)
    assert _erase(place) == {}, "once more finds nothing and is no fault"


def test_later_deliveries_are_read_without_the_student_and_say_so_by_count(held: tuple[Place, str, str]) -> None:
    place, _, _ = held
    _erase(place)
    later = place.deliver("roster", small.roster(13)), place.deliver("subgroups", {"s.csv": _subgroups(13)})
    place.land()
    assert place.delivery(later[1]).record.files["s.csv"].set_aside == 1
    assert _users(place, later[0]) == {f"s{n:03}" for n in range(13)} - {"s005"}
    said = [(finding.code, finding.file, finding.count) for one in later for finding in place.delivery(one).findings]
    assert said == [("ARC003", "users.csv", 1), ("ARC003", "enrollments.csv", 1), ("ARC003", "s.csv", 1)]
    assert {place.delivery(one).state for one in later} == {"landed"}
    assert traces(place.settings, _TRACES) == {}, "the archived files of the later deliveries lost the rows too"


def test_the_same_upload_again_does_not_bring_the_student_back(held: tuple[Place, str, str]) -> None:
    place, _, _ = held
    _erase(place)
    with incoming_file(DistrictArchive(place.settings.paths, "alpha")) as incoming:
        incoming.write(_subgroups(12).encode())
        incoming.keep()
    assert traces(place.settings, _TRACES) == {}


def test_another_district_with_the_same_ids_keeps_them(held: tuple[Place, str, str]) -> None:
    place, _, _ = held
    beta = place.deliver("roster", small.roster(12), place.add("beta"))
    place.land()
    _erase(place)
    place.land()
    assert "s005" in _users(place, beta)


def test_a_number_that_is_another_students_id_takes_nobody_else_along(place: Place) -> None:
    place.add("alpha", **BY_NUMBER)
    texts = small.roster(12)
    texts["users.csv"] = texts["users.csv"].replace("s007,", "00005,")
    roster = place.deliver("roster", texts)
    place.land()
    _erase(place)
    place.land()
    assert "00005" in _users(place, roster)
    assert "s005" not in _users(place, roster)


def test_the_access_report_names_what_is_held_and_until_when_and_is_audited(held: tuple[Place, str, str]) -> None:
    place, roster, _ = held
    shown = show_student(place.registry, place.settings, "alpha", "s005", by="clerk")
    assert [(one.place, one.what) for one in shown.held if not one.rows and one.place != "archive/"] == [
        ("failing_rows/", "1 rows behind findings"),
        ("reports/", "1 error reports that name the student"),
    ]
    assert [(one.place, one.what) for one in shown.held if one.place == "archive/"] == [
        ("archive/", f"1 rows of delivery {place.delivery(held[2]).delivery_id} (subgroups: s.csv)"),
        ("archive/", f"2 rows of delivery {roster} (roster: roster.zip)"),
    ]
    rows = {one.what: one.rows for one in shown.held if one.rows}
    assert rows["raw.users"][0]["givenName"] == "Given5"
    assert rows["raw.subgroup_row"][0]["student_id"] == "00005"
    assert all(one.until for one in shown.held)
    with place.registry.begin() as session:
        (event,) = session.scalars(sa.select(AuditEvent).filter_by(kind="student.shown"))
        assert (event.actor, event.district_id) == ("clerk", "alpha")
    _erase(place)
    after = show_student(place.registry, place.settings, "alpha", "s005", by="clerk")
    assert (after.held, after.is_erased) == ([], True)


def test_a_student_of_whom_nothing_is_held_is_refused_in_words(held: tuple[Place, str, str]) -> None:
    place, _, _ = held
    with pytest.raises(UnknownStudentError, match="nothing is held of a student s999 of alpha"):
        show_student(place.registry, place.settings, "alpha", "s999", by="clerk")
    with pytest.raises(UnknownStudentError):
        erase(place.registry, place.settings, "alpha", "s999", by="clerk", reason="asked", dry_run=False)


def test_a_list_that_does_not_open_stops_its_district_and_nobody_else(held: tuple[Place, str, str]) -> None:
    place, _, _ = held
    _erase(place)
    DistrictArchive(place.settings.paths, "alpha").keyring.destroy("alpha")
    alpha, beta = (place.deliver("roster", small.roster(12), district) for district in ("alpha", place.add("beta")))
    place.land()
    assert (place.delivery(alpha).state, place.codes(alpha)) == ("rejected", {"ARC002"})
    assert place.delivery(beta).state == "landed"


def test_a_row_that_cannot_be_read_keeps_no_text_of_the_student(held: tuple[Place, str, str]) -> None:
    place, _, _ = held
    _erase(place)
    place.deliver("subgroups", {"s.csv": _subgroups(13) + "00005,Y,n,one cell too many\n"})
    place.land()
    assert traces(place.settings, _TRACES) == {}
