"""OneRoster 1.0 and 1.2: landed in the form of 1.1, with findings about what they lack and nothing of what is theirs alone."""

from __future__ import annotations

from tests.landing.small_packages import ROSTER, landed
from tests.support import editions
from tests.support import small_district as small
from tests.support.editions import as_1p0, as_1p2, role_row, with_roles
from tests.support.installation import zip_of
from tests.support.place import Place

GRADED = small.graded_roster()
OF_1P2 = as_1p2(ROSTER)
TABLES = ("orgs", "academic_sessions", "courses", "classes", "users", "enrollments", "line_items", "results")


def _rows(place: Place, table: str) -> list[tuple[object, ...]]:
    return sorted(place.table(table, "* exclude (district_id, delivery_id, file_name, landed_at)"), key=repr)


def test_a_roster_of_1p2_is_landed_as_the_same_of_1p1_with_nothing_to_say(place: Place) -> None:
    of_1p1 = landed(place, GRADED)
    rows = {table: _rows(place, table) for table in TABLES}
    of_1p2 = place.deliver("roster", {"roster.zip": zip_of(as_1p2(GRADED))}, place.add("b1"))
    place.land()
    assert (place.delivery(of_1p2).state, place.codes(of_1p2)) == ("landed", set())
    for table in TABLES:
        assert _rows(place, table) == sorted(2 * rows[table], key=repr), table
    versions = [place.delivery(delivery).record.oneroster_version for delivery in (of_1p1, of_1p2)]
    assert versions == ["1.1", "1.2"]
    assert place.ask('select distinct role, "roleType" from raw.roles') == [("student", "primary")]


def _user(place: Place, user: str) -> tuple[object, ...]:
    ((*cells,),) = place.ask(f'select role, "orgSourcedIds", "enabledUser" from raw.users where "sourcedId" = \'{user}\'')
    return tuple(cells)


def test_the_archive_alone_keeps_logins_pronouns_and_preferred_names(place: Place) -> None:
    landed(place, OF_1P2)
    everything = "".join(map(repr, (row for table in (*TABLES, "roles") for row in place.table(table))))
    for text in ("login-9", "secret-9", "they", "Preferred"):
        assert text not in everything


Role = tuple[str, str, dict[str, str]]
ROLES: dict[str, tuple[list[Role], tuple[object, ...]]] = {
    "a student who helps elsewhere": (
        [("student", "school0", {}), ("aide", "school1", {})], ("student", "school0", "true"),
    ),
    "a student of two schools": (
        [("student", "school1", {}), ("Student", "school0", {"roleType": "secondary"})], ("student", "school0,school1", "true"),
    ),
    "a student in the second place": (
        [("teacher", "school0", {}), ("student", "school1", {"roleType": "secondary"})], ("student", "school1", "true"),
    ),
    "staff": (
        [("counselor", "school0", {"roleType": "secondary"}), ("principal", "school1", {})], ("administrator", "school1", "true"),
    ),
    "a word of the vendor": ([("ext:mentor", "school0", {})], ("aide", "school0", "true")),
    "a role that begins today": (
        [("student", "school0", {"beginDate": "2026-10-01", "endDate": "2026-10-02"})], ("student", "school0", "true"),
    ),
    "a role that ended yesterday": (
        [("student", "school0", {"endDate": "2026-10-01"}), ("teacher", "school1", {})], ("teacher", "school1", "true"),
    ),
    "a role that begins tomorrow": ([("student", "school0", {"beginDate": "2026-10-02"})], ("student", "school0", "false")),
    "a role that is gone": ([("student", "school0", {"status": "tobedeleted"})], ("student", "school0", "false")),
    "a word that is none": ([("pupil", "school0", {})], (None, None, "true")),
}  # fmt: skip
"""Roles of one user by what they show, with role, orgs and enabledUser of the user as landed; the day is 1 October 2026."""


def test_a_user_has_the_role_that_holds_and_a_student_counts_where_they_are_one(place: Place) -> None:
    files = as_1p2(small.roster(len(ROLES) + 1))
    users = {f"s{number:03}": case for number, case in enumerate(ROLES)}
    rows = [
        role_row(f"{user}-{n}", user, word, org, **cells)
        for user, case in users.items()
        for n, (word, org, cells) in enumerate(ROLES[case][0])
    ]
    delivery = landed(place, with_roles(files, *rows))
    assert {case: _user(place, user) for user, case in users.items()} == {case: told for case, (_, told) in ROLES.items()}
    assert _user(place, f"s{len(ROLES):03}")[0] == "student"
    assert place.codes(delivery) == {"VOC203"}
    assert [(file, column) for file, _, column, _ in place.found(delivery, "VOC203")] == [("roles.csv", "role")]


def test_dates_of_roles_are_read_as_other_dates_are(place: Place) -> None:
    delivery = landed(place, with_roles(OF_1P2, role_row("r1", "s003", "student", "school0", endDate="9/30/2026")))
    assert (_user(place, "s003")[2], place.codes(delivery)) == ("false", {"DAT306"})


def test_a_role_of_nobody_is_said_with_its_line(place: Place) -> None:
    nobodys = (role_row("r1", "nobody", "student", "school0"), role_row("r2", "", "student", "school0"))
    delivery = landed(place, with_roles(OF_1P2, *nobodys))
    found = sorted(place.found(delivery, "ROL101"), key=repr)
    assert {(file, column) for file, _, column, _ in found} == {("roles.csv", "userSourcedId")}
    assert [line for _, line, _, _ in found] == [12]


def test_words_of_vendors_and_graded_in_words_are_no_faults(place: Place) -> None:
    files = as_1p2(GRADED)
    files["enrollments.csv"] += "e99,,,class0,school0,s001,ext:observer,,,\n"
    files["results.csv"] += "g99,,,quiz0,s000,fully graded,,2026-09-09,,Very good,,,,,\n"
    place.add()
    delivery = place.deliver("roster", {"roster.zip": zip_of(files)})
    place.land()
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", set())
    assert place.ask("select role from raw.enrollments where sourcedId = 'e99'") == [("proctor",)]
    assert place.ask("select \"scoreStatus\" from raw.results where sourcedId = 'g99'") == [("submitted",)]


def test_a_roster_of_1p2_needs_its_roles(place: Place) -> None:
    files = {name: text for name, text in OF_1P2.items() if name != "roles.csv"}
    delivery = landed(place, {**files, "manifest.csv": editions.manifest_1p2(files)})
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("rejected", {"PKG001"})
    assert place.found(delivery, "PKG001")[0][0] == "roles.csv"


def test_roles_without_a_manifest_tell_1p2(place: Place) -> None:
    delivery = landed(place, {name: text for name, text in OF_1P2.items() if name != "manifest.csv"})
    assert (place.delivery(delivery).record.oneroster_version, place.codes(delivery)) == ("1.2", {"PKG002"})


def test_roles_in_a_roster_of_1p1_are_no_part_of_it(place: Place) -> None:
    delivery = landed(place, {**ROSTER, "roles.csv": OF_1P2["roles.csv"]})
    assert (place.delivery(delivery).record.oneroster_version, place.codes(delivery)) == ("1.1", {"PKG005"})
    assert _user(place, "s003") == ("student", "school1", "true")


DEMOGRAPHICS = "sourcedId,status,dateLastModified,birthDate,sex,asian\ns001,,,2012-01-31,female,true\ns002,,,,male,\n"


def test_a_roster_of_1p0_is_landed_as_the_same_of_1p1_with_a_warning(place: Place) -> None:
    files = {**ROSTER, "demographics.csv": DEMOGRAPHICS}
    del files["manifest.csv"]
    landed(place, {"manifest.csv": small.manifest(files), **files})
    tables = [*TABLES[:6], "demographics"]
    rows = {table: _rows(place, table) for table in tables}
    of_1p0 = place.deliver("roster", {"roster.zip": zip_of(as_1p0(files))}, place.add("b1"))
    place.land()
    delivery = place.delivery(of_1p0)
    assert (delivery.state, delivery.record.oneroster_version) == ("landed", "1.0")
    assert place.codes(of_1p0) == {"PKG023", "HDR004"}  # most columns of demographics are not there
    for table in tables:
        assert _rows(place, table) == sorted(2 * rows[table], key=repr), table


def test_a_manifest_may_say_1p0_too(place: Place) -> None:
    manifest = ROSTER["manifest.csv"].replace("oneroster.version,1.1", "oneroster.version,1.0")
    delivery = landed(place, {"manifest.csv": manifest, **as_1p0(ROSTER)})
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", {"PKG023"})
    assert "manifest.csv says so" in place.found(delivery, "PKG023")[0][3]


def test_a_line_is_found_under_the_name_that_1p0_gives_the_column(place: Place) -> None:
    files = as_1p0({**ROSTER, "demographics.csv": DEMOGRAPHICS})
    delivery = landed(place, files)
    assert place.lines(delivery, "demographics.csv", "sourcedId", "s002") == (3,)


def test_a_session_in_no_school_year_has_none(place: Place) -> None:
    files = as_1p0(ROSTER)
    files["academicSessions.csv"] += "summer,,,Summer,term,2027-06-20,2027-08-01,\n"
    landed(place, files)
    assert sorted(place.ask('select sourcedId, "schoolYear" from raw.academic_sessions')) == [("summer", None), ("year", "2027")]
