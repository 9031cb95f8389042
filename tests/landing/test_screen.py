"""Screening a package: its manifest, which files it holds, and which of them are needed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.districts.registered import apply_settings
from subgroup_pipeline.findings.catalogue import severity_of
from subgroup_pipeline.intake.archive import archived_path
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.place import Place

ROSTER = small.roster()
SUBGROUPS = small.subgroups()


def _landed(place: Place, files: dict[str, str]) -> str:
    """Deliver a roster as a zip and land it."""
    place.apply()
    delivery = place.deliver("roster", {"roster.zip": zip_of(files)})
    place.land()
    return delivery


def _manifest(**replacements: str) -> dict[str, str]:
    text = ROSTER["manifest.csv"]
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new)
    return ROSTER | {"manifest.csv": text}


def test_a_clean_roster_is_landed_with_nothing_to_say(place: Place) -> None:
    delivery = _landed(place, ROSTER)
    assert place.delivery(delivery).state == "landed"
    assert place.codes(delivery) == set()


def test_a_roster_without_a_manifest_is_read_as_a_full_set(place: Place) -> None:
    delivery = _landed(place, {name: text for name, text in ROSTER.items() if name != "manifest.csv"})
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", {"PKG002"})


def test_what_intake_unpacked_is_landed_without_the_zip_and_then_removed(place: Place) -> None:
    place.apply()
    delivery = place.deliver("roster", {"roster.zip": zip_of(ROSTER)})
    sha256 = next(file.sha256 for file in place.delivery(delivery).files if not file.member_of)
    archived = archived_path(place.settings.paths.archive, sha256)
    with ReadingPool(1) as readers:
        UnpackedZips(place.settings.paths.scratch, readers).prove(archived, "roster.zip", sha256)
    archived.write_bytes(b"no zip any more; a delivery that is new was hashed on its way in")
    place.land()
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", set())
    assert list(place.settings.paths.scratch.iterdir()) == []


def test_a_zip_that_was_proved_and_cannot_be_read_any_more_is_rejected_and_stops_nobody(place: Place) -> None:
    """It ended the whole landing, for every district."""
    bad, good = (
        place.deliver("roster", {"roster.zip": zip_of(small.roster(n))}, place.apply(d)) for n, d in ((10, "a1"), (11, "b1"))
    )
    sha256 = next(file.sha256 for file in place.delivery(bad).files if not file.member_of)
    archived_path(place.settings.paths.archive, sha256).write_bytes(b"no zip")
    place.land()
    assert (place.delivery(bad).state, place.codes(bad)) == ("rejected", {"ZIP001"})
    assert place.delivery(good).state == "landed"


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("1.0", "gives oneroster.version 1.0."),
        ("1.2", "1.2."),
        ("v2", "v2."),
        ("Ana Ruiz", "something else."),
        ("", "does not give"),
    ],
)
def test_another_version_of_oneroster_is_rejected_with_its_line(place: Place, version: str, words: str) -> None:
    delivery = _landed(place, _manifest(**{"oneroster.version,1.1": f"oneroster.version,{version}"}))
    assert place.delivery(delivery).state == "rejected"
    ((file, line, _, message),) = place.found(delivery, "PKG006")
    assert (file, line) == ("manifest.csv", 3)
    assert words in message


def test_a_manifest_without_a_version_is_rejected_for_that_alone(place: Place) -> None:
    delivery = _landed(place, _manifest(**{"oneroster.version,1.1\n": "", "manifest.version,1.0\n": ""}))
    assert place.codes(delivery) == {"PKG006"}
    assert "does not give oneroster.version" in place.found(delivery, "PKG006")[0][3]


@pytest.mark.parametrize("written", ["1", "1.00", "v1.0"])
def test_a_manifest_version_that_excel_rewrote_is_a_warning(place: Place, written: str) -> None:
    delivery = _landed(place, _manifest(**{"manifest.version,1.0": f"manifest.version,{written}"}))
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", {"PKG004"})


def test_a_delta_is_landed_with_the_files_that_changed_alone(place: Place) -> None:
    manifest = ROSTER["manifest.csv"].replace(",bulk", ",absent").replace("file.users,absent", "file.users,delta")
    delivery = _landed(place, {"manifest.csv": manifest, "users.csv": ROSTER["users.csv"]})
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", set())
    assert place.raw_counts(delivery) == {"users": 10}


def test_a_delta_that_announces_a_file_which_did_not_come_is_rejected(place: Place) -> None:
    manifest = ROSTER["manifest.csv"].replace(",bulk", ",absent").replace("file.users,absent", "file.users,delta")
    assert place.codes(_landed(place, {"manifest.csv": manifest})) == {"PKG003"}


def test_a_file_that_the_manifest_announces_and_that_did_not_come_rejects(place: Place) -> None:
    delivery = _landed(place, {name: text for name, text in ROSTER.items() if name != "users.csv"})
    assert place.delivery(delivery).state == "rejected"
    assert "Missing: users.csv." in place.found(delivery, "PKG003")[0][3]


BROKEN = {
    "of OneRoster 1.0": "userSourcedId,status,dateLastModified,birthdate,sex\ns001,,,2012-01-01,male\n",
    "no CSV": "%PDF-1.7",
    "empty": "",
    "not there": None,
}
SOURCES = {
    "none": ("", False),
    "the subgroup file": ("subgroups: {columns: {ell: {subgroup: el, open: true}}}\n", False),
    "demographics": ("subgroups: {sources: [demographics], columns: {sex: {subgroup: sex, from: demographics.sex}}}\n", True),
    "metadata of no users.csv": ("subgroups: {sources: [roster_metadata], columns: {a: {subgroup: a, open: true}}}\n", True),
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "broken"), [*((source, "of OneRoster 1.0") for source in SOURCES), *(("none", broken) for broken in [*BROKEN][1:])]
)
def test_broken_demographics_reject_only_where_a_subgroup_is_read_from_them(place: Place, source: str, broken: str) -> None:
    subgroups, is_used = SOURCES[source]
    text = f"district: alpha\nname: A\ntimezone: UTC\n{subgroups}"
    apply_settings(place.registry, parse_district(text), text, actor="test")
    files = _manifest(**{"file.demographics,absent": "file.demographics,bulk"})
    if (content := BROKEN[broken]) is not None:
        files["demographics.csv"] = content
    delivery = place.deliver("roster", {"roster.zip": zip_of(files)})
    place.land()
    assert place.delivery(delivery).state == ("rejected" if is_used else "landed")
    warning = "PKG009" if content is None else "PKG016"
    assert is_used or place.codes(delivery) == {warning}
    assert is_used or place.raw_counts(delivery) == {**place.raw_counts(delivery), "users": 10}


@pytest.mark.parametrize(
    "name", ["orgs.csv", "academicSessions.csv", "courses.csv", "classes.csv", "users.csv", "enrollments.csv"]
)
def test_each_file_that_every_roster_needs_rejects_where_it_is_missing(place: Place, name: str) -> None:
    delivery = _landed(place, {n: text for n, text in ROSTER.items() if n not in (name, "manifest.csv")})
    assert place.delivery(delivery).state == "rejected"
    assert f"Missing: {name}." in place.found(delivery, "PKG001")[0][3]


def test_a_file_that_came_and_is_not_announced_is_read(place: Place) -> None:
    delivery = _landed(place, _manifest(**{"file.users,bulk": "file.users,absent"}))
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", {"PKG009"})
    assert place.raw_counts(delivery)["users"] == 10


def test_an_unknown_file_is_named_and_not_read(place: Place) -> None:
    delivery = _landed(place, ROSTER | {"notes.csv": "a\n1\n", "lineItems.csv": "sourcedId\n"})
    assert [file for file, *_ in place.found(delivery, "PKG005")] == ["notes.csv"]


@pytest.mark.parametrize("folder", ["export/", "a/b/", "Roster 2026\\"])
def test_folders_in_a_zip_do_not_count(place: Place, folder: str) -> None:
    delivery = _landed(place, {folder + name: text for name, text in ROSTER.items()})
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", set())


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_a_manifest_with_other_line_ends_is_read(place: Place, end: str) -> None:
    """Lone CRs made Python's reader raise, and no district was landed that night."""
    delivery = _landed(place, _manifest(**{"\n": end}))
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", set())


def test_a_core_file_with_a_header_only_rejects(place: Place) -> None:
    delivery = _landed(place, ROSTER | {"enrollments.csv": ROSTER["enrollments.csv"].splitlines()[0] + "\n"})
    assert place.codes(delivery) == {"ROW005"}


def test_demographics_with_a_header_only_are_a_warning(place: Place) -> None:
    from subgroup_pipeline.warehouse.oneroster import roster_tables

    header = ",".join(roster_tables()["demographics"].columns) + "\n"
    files = _manifest(**{"file.demographics,absent": "file.demographics,bulk"}) | {"demographics.csv": header}
    delivery = _landed(place, files)
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", {"ROW006"})


def test_files_that_are_missing_are_one_finding(place: Place) -> None:
    delivery = _landed(place, {"users.csv": ROSTER["users.csv"]})
    ((file, _, _, message),) = place.found(delivery, "PKG001")
    assert file == "manifest.csv"
    assert "Missing: academicSessions.csv, classes.csv, courses.csv, enrollments.csv, orgs.csv." in message


def test_lines_are_found_in_a_file_whose_name_is_in_other_capitals(place: Place) -> None:
    delivery = _landed(place, {name.upper(): text for name, text in ROSTER.items()})
    assert place.lines(delivery, "users.csv", "sourcedId", "s003") == (5,)


def test_a_subgroup_file_in_the_inbox_of_rosters_is_one_finding(place: Place) -> None:
    place.apply()
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
    delivery = _landed(place, ROSTER | {"ours.csv": SUBGROUPS, "notes.csv": "a,b\n1,2\n"})
    assert place.delivery(delivery).state == "landed"
    assert {(f.code, f.file) for f in place.delivery(delivery).findings} == {("PKG020", "ours.csv"), ("PKG005", "notes.csv")}


@pytest.mark.parametrize("name", ["users.csv", "orgs.csv", "manifest.csv", "export.csv"])
def test_one_file_of_a_roster_in_the_inbox_of_subgroup_files_is_one_finding(place: Place, name: str) -> None:
    place.apply()
    delivery = place.deliver("subgroups", {name: ROSTER.get(name, ROSTER["users.csv"])})
    place.land()
    assert [(f.code, f.file) for f in place.delivery(delivery).findings] == [("PKG018", name)]


def test_a_subgroup_file_that_is_called_as_a_file_of_a_roster_is_read(place: Place) -> None:
    place.apply()
    delivery = place.deliver("subgroups", {"users.csv": SUBGROUPS})
    place.land()
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", set())


def _upper(files: Mapping[str, str]) -> dict[str, str]:
    return {name.upper(): text for name, text in files.items()}


MENDED: dict[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "PKG006": (_manifest(**{"oneroster.version,1.1\n": ""}), ROSTER),
    "PKG014": (_upper(ROSTER), ROSTER),
    "PKG015": (_manifest(**{"file.users,bulk": " File.USERS , Bulk "}), ROSTER),
    "PKG016": (
        _manifest(**{"file.demographics,absent": "file.demographics,bulk"}) | {"demographics.csv": "userSourcedId,sex\n"}, ROSTER,
    ),
    "PKG017": (_manifest(**{"file.users,bulk": "file.users,bulk" + "\n" * 70_000}), ROSTER),
}  # fmt: skip
"""A package with a fault, and the same as its finding says to mend it."""


@pytest.mark.parametrize("code", MENDED)
def test_a_mend_that_is_followed_works(place: Place, code: str) -> None:
    place.apply()
    for files, codes in zip(MENDED[code], ({code}, set()), strict=True):
        # A zip with such a manifest is refused before it comes here.
        zipped: Mapping[str, str | bytes] = {"roster.zip": zip_of(files)}
        delivery = place.deliver("roster", files if code == "PKG017" else zipped)
        place.land()
        assert place.codes(delivery) == codes
        is_fatal = bool(codes) and severity_of(code) == "fatal"
        assert place.delivery(delivery).state == ("rejected" if is_fatal else "landed")


def test_two_loose_files_of_one_name_are_refused(place: Place) -> None:
    place.apply()
    delivery = place.deliver("roster", ROSTER | {"Users.csv": ROSTER["users.csv"]})
    place.land()
    assert place.delivery(delivery).state == "rejected"
    assert place.found(delivery, "PKG021")[0][0] == "users.csv"


def test_every_fault_of_a_package_is_said_at_once(place: Place) -> None:
    files = ROSTER | {"users.csv": "sourcedId,status\nu1,\n", "classes.csv": "", "orgs.csv": ROSTER["orgs.csv"] + '"x\n'}
    delivery = _landed(place, {name: text for name, text in files.items() if name != "courses.csv"})
    assert {"HDR001", "HDR005", "ROW004", "PKG003"} <= place.codes(delivery)
    assert place.raw_counts(delivery) == {}


def test_secrets_of_users_are_in_no_cell_of_the_warehouse(place: Place) -> None:
    header, first, *rest = ROSTER["users.csv"].splitlines()
    cells = first.split(",")
    for column in ("email", "sms", "phone", "password"):
        cells[header.split(",").index(column)] = f"secret-{column}"
    delivery = _landed(place, ROSTER | {"users.csv": "\n".join([header, ",".join(cells), *rest]) + "\n"})
    assert place.raw_counts(delivery)["users"] == 10
    assert "secret" not in str(place.table("users"))


def test_metadata_columns_are_landed_as_a_map(place: Place) -> None:
    lines = ROSTER["orgs.csv"].splitlines()
    text = "\n".join([lines[0] + ",metadata.nces.id,metadata.it's", *(f"{line},{n},x" for n, line in enumerate(lines[1:]))])
    _landed(place, ROSTER | {"orgs.csv": text + "\n"})
    assert place.table("orgs", "metadata")[0] == ({"nces.id": "0", "it's": "x"},)


def test_a_nul_in_the_name_of_a_metadata_column_stops_nobody(place: Place) -> None:
    """Names stood in the statement's text, which ended at the NUL: a parser error, and no district was landed that night."""
    place.apply("beta")
    good = place.deliver("roster", {"roster.zip": zip_of(ROSTER)}, "beta")
    lines = ROSTER["orgs.csv"].splitlines()
    text = "\n".join([lines[0] + ",metadata.a\0b", *(line + ",x" for line in lines[1:])]) + "\n"
    bad = _landed(place, ROSTER | {"orgs.csv": text})
    assert (place.delivery(good).state, place.delivery(bad).state) == ("landed", "rejected")
    assert place.found(bad, "CHR002")[0][:2] == ("orgs.csv", 1)


def test_a_subgroup_file_without_rows_is_rejected(place: Place) -> None:
    place.apply()
    delivery = place.deliver("subgroups", {"s.csv": "student_id,ell,sped\n"})
    place.land()
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("rejected", {"ROW005"})


def test_counts_of_every_file_are_in_the_ledger(place: Place) -> None:
    place.apply()
    delivery = place.deliver("subgroups", {"s.csv": SUBGROUPS + "\n,,\ns9,y\ns8,y,n,\n"})
    place.land()
    assert place.delivery(delivery).record.as_json()["files"] == {
        "s.csv": {
            "table": "subgroup_row",
            "lines": 15,
            "records": 12,
            "blank": 2,
            "skipped": 0,
            "continued": 0,
            "set_aside": 1,
            "landed": 11,
        }
    }
    assert place.codes(delivery) == {"ROW001", "ROW002"}
