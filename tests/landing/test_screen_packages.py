"""Screening which files came: missing, not announced, of another feed, empty, twice, or under names that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.landing.small_packages import ROSTER, SUBGROUPS, landed, manifest
from tests.support.installation import zip_of
from tests.support.place import Place


def test_a_delta_that_announces_a_file_which_did_not_come_is_rejected(place: Place) -> None:
    manifest = ROSTER["manifest.csv"].replace(",bulk", ",absent").replace("file.users,absent", "file.users,delta")
    assert place.codes(landed(place, {"manifest.csv": manifest})) == {"PKG003"}


def test_a_file_that_the_manifest_announces_and_that_did_not_come_rejects(place: Place) -> None:
    delivery = landed(place, {name: text for name, text in ROSTER.items() if name != "users.csv"})
    assert place.delivery(delivery).state == "rejected"
    assert "Missing: users.csv." in place.found(delivery, "PKG003")[0][3]


@pytest.mark.parametrize(
    "name", ["orgs.csv", "academicSessions.csv", "courses.csv", "classes.csv", "users.csv", "enrollments.csv"]
)
def test_each_file_that_every_roster_needs_rejects_where_it_is_missing(place: Place, name: str) -> None:
    delivery = landed(place, {n: text for n, text in ROSTER.items() if n not in (name, "manifest.csv")})
    assert place.delivery(delivery).state == "rejected"
    assert f"Missing: {name}." in place.found(delivery, "PKG001")[0][3]


def test_a_file_that_came_and_is_not_announced_is_read(place: Place) -> None:
    delivery = landed(place, manifest(**{"file.users,bulk": "file.users,absent"}))
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", {"PKG009"})
    assert place.raw_counts(delivery)["users"] == 10


def test_an_unknown_file_is_named_and_not_read(place: Place) -> None:
    delivery = landed(place, ROSTER | {"notes.csv": "a\n1\n", "lineItems.csv": "sourcedId\n"})
    assert [file for file, *_ in place.found(delivery, "PKG005")] == ["notes.csv"]


@pytest.mark.parametrize("folder", ["export/", "a/b/", "Roster 2026\\"])
def test_folders_in_a_zip_do_not_count(place: Place, folder: str) -> None:
    delivery = landed(place, {folder + name: text for name, text in ROSTER.items()})
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", set())


def test_a_core_file_with_a_header_only_rejects(place: Place) -> None:
    delivery = landed(place, ROSTER | {"enrollments.csv": ROSTER["enrollments.csv"].splitlines()[0] + "\n"})
    assert place.codes(delivery) == {"ROW005"}


def test_demographics_with_a_header_only_are_a_warning(place: Place) -> None:
    from subgroup_pipeline.warehouse.oneroster import roster_tables

    header = ",".join(roster_tables()["demographics"].columns) + "\n"
    files = manifest(**{"file.demographics,absent": "file.demographics,bulk"}) | {"demographics.csv": header}
    delivery = landed(place, files)
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", {"ROW006"})


def test_files_that_are_missing_are_one_finding(place: Place) -> None:
    delivery = landed(place, {"users.csv": ROSTER["users.csv"]})
    ((file, _, _, message),) = place.found(delivery, "PKG001")
    assert file == "manifest.csv"
    assert "Missing: academicSessions.csv, classes.csv, courses.csv, enrollments.csv, orgs.csv." in message


def test_lines_are_found_in_a_file_whose_name_is_in_other_capitals(place: Place) -> None:
    delivery = landed(place, {name.upper(): text for name, text in ROSTER.items()})
    assert place.lines(delivery, "users.csv", "sourcedId", "s003") == (5,)


def test_a_subgroup_file_in_the_inbox_of_rosters_is_one_finding(place: Place) -> None:
    place.add()
    uploads: tuple[Mapping[str, str | bytes], ...] = (
        {"s.csv": SUBGROUPS},
        {"s.zip": zip_of({"export/s.csv": SUBGROUPS + "s8,y,n,\n"})},
    )
    for number, files in enumerate(uploads):
        delivery = place.deliver("roster", files)
        place.land()
        assert place.delivery(delivery).state == "rejected", number
        assert [(f.code, f.file) for f in place.delivery(delivery).findings] == [("PKG019", "s.csv")]
        assert "Put it into inbox/subgroups." in place.found(delivery, "PKG019")[0][3]
    mended = place.deliver("subgroups", {"s.csv": SUBGROUPS})
    place.land()
    assert (place.delivery(mended).state, place.codes(mended)) == ("landed", set())


def test_a_subgroup_file_beside_a_roster_is_named_and_the_roster_stands(place: Place) -> None:
    delivery = landed(place, ROSTER | {"ours.csv": SUBGROUPS, "notes.csv": "a,b\n1,2\n"})
    assert place.delivery(delivery).state == "landed"
    assert {(f.code, f.file) for f in place.delivery(delivery).findings} == {("PKG020", "ours.csv"), ("PKG005", "notes.csv")}


@pytest.mark.parametrize("name", ["users.csv", "orgs.csv", "manifest.csv", "export.csv"])
def test_one_file_of_a_roster_in_the_inbox_of_subgroup_files_is_one_finding(place: Place, name: str) -> None:
    place.add()
    delivery = place.deliver("subgroups", {name: ROSTER.get(name, ROSTER["users.csv"])})
    place.land()
    assert [(f.code, f.file) for f in place.delivery(delivery).findings] == [("PKG018", name)]


def test_a_subgroup_file_that_is_called_as_a_file_of_a_roster_is_read(place: Place) -> None:
    place.add()
    delivery = place.deliver("subgroups", {"users.csv": SUBGROUPS})
    place.land()
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", set())


def test_two_loose_files_of_one_name_are_refused(place: Place) -> None:
    place.add()
    delivery = place.deliver("roster", ROSTER | {"Users.csv": ROSTER["users.csv"]})
    place.land()
    assert place.delivery(delivery).state == "rejected"
    assert place.found(delivery, "PKG021")[0][0] == "users.csv"


def test_a_subgroup_file_without_rows_is_rejected(place: Place) -> None:
    place.add()
    delivery = place.deliver("subgroups", {"s.csv": "student_id,ell,sped\n"})
    place.land()
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("rejected", {"ROW005"})
