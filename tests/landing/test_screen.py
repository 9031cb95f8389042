"""Screening a package: its manifest, which files it holds, and which of them are needed."""

from __future__ import annotations

import pytest
from night import small_district as small
from night.installation import zip_of

from .place import Place

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


@pytest.mark.parametrize("version", ["1.0", "1.2", "2.0", ""])
def test_another_version_of_oneroster_is_rejected_with_its_line(place: Place, version: str) -> None:
    delivery = _landed(place, _manifest(**{"oneroster.version,1.1": f"oneroster.version,{version}"}))
    assert place.delivery(delivery).state == "rejected"
    ((file, line, _, message),) = place.found(delivery, "PKG006")
    assert (file, line) == ("manifest.csv", 3)
    assert f"oneroster.version {version or 'nowhere'}." in message


def test_a_manifest_without_a_version_is_rejected(place: Place) -> None:
    delivery = _landed(place, _manifest(**{"oneroster.version,1.1\n": ""}))
    assert place.codes(delivery) == {"PKG006"}


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


def test_demographics_that_are_announced_and_did_not_come_reject(place: Place) -> None:
    delivery = _landed(place, _manifest(**{"file.demographics,absent": "file.demographics,bulk"}))
    assert place.codes(delivery) == {"PKG003"}


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
    from subgroup_pipeline.landing.oneroster import roster_tables

    header = ",".join(roster_tables()["demographics"].columns) + "\n"
    files = _manifest(**{"file.demographics,absent": "file.demographics,bulk"}) | {"demographics.csv": header}
    delivery = _landed(place, files)
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", {"ROW006"})


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
    assert place.delivery(delivery).counts["files"] == {
        "s.csv": {"table": "subgroup_row", "lines": 15, "records": 12, "blank": 2, "continued": 0, "set_aside": 1, "landed": 11}
    }
    assert place.codes(delivery) == {"ROW001", "ROW002"}
