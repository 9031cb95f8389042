"""Screening a package: its manifest, which files it holds, and which of them are needed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from subgroup_pipeline.findings.catalogue import severity_of
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
from tests.landing.small_packages import ROSTER, SUBGROUPS, landed, manifest
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.place import Place


def test_a_clean_roster_is_landed_with_nothing_to_say(place: Place) -> None:
    delivery = landed(place, ROSTER)
    assert place.delivery(delivery).state == "landed"
    assert place.codes(delivery) == set()


def test_a_roster_without_a_manifest_is_read_as_a_full_set(place: Place) -> None:
    delivery = landed(place, {name: text for name, text in ROSTER.items() if name != "manifest.csv"})
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", {"PKG002"})


def test_what_intake_unpacked_is_landed_without_the_zip_and_then_removed(place: Place) -> None:
    place.add()
    delivery = place.deliver("roster", {"roster.zip": zip_of(ROSTER)})
    sha256 = next(file.sha256 for file in place.delivery(delivery).files if not file.member_of)
    home, archive = place.settings.paths, DistrictArchive(place.settings.paths, "alpha")
    with ReadingPool(1) as readers, archive.opened(sha256, home.scratch) as plain:
        UnpackedZips(home.scratch, readers).prove(plain, "roster.zip", sha256)
    archive.place(sha256).write_bytes(b"no zip any more; a delivery that is new was hashed on its way in")
    place.land()
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", set())
    assert list(place.settings.paths.scratch.iterdir()) == []


def test_a_zip_that_was_proved_and_cannot_be_read_any_more_is_rejected_and_stops_nobody(place: Place) -> None:
    """It ended the whole landing, for every district."""
    bad, good = (
        place.deliver("roster", {"roster.zip": zip_of(small.roster(n))}, place.add(d)) for n, d in ((10, "a1"), (11, "b1"))
    )
    sha256 = next(file.sha256 for file in place.delivery(bad).files if not file.member_of)
    DistrictArchive(place.settings.paths, "a1").place(sha256).write_bytes(b"no zip")
    place.land()
    assert (place.delivery(bad).state, place.codes(bad)) == ("rejected", {"ARC002"})
    assert place.delivery(good).state == "landed"


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("1", "gives oneroster.version 1."),
        ("1.3", "1.3."),
        ("v2", "v2."),
        ("Ana Ruiz", "something else."),
        ("", "does not give"),
    ],
)
def test_another_version_of_oneroster_is_rejected_with_its_line(place: Place, version: str, words: str) -> None:
    delivery = landed(place, manifest(**{"oneroster.version,1.1": f"oneroster.version,{version}"}))
    assert place.delivery(delivery).state == "rejected"
    ((file, line, _, message),) = place.found(delivery, "PKG006")
    assert (file, line) == ("manifest.csv", 3)
    assert words in message


def test_a_manifest_without_a_version_is_rejected_for_that_alone(place: Place) -> None:
    delivery = landed(place, manifest(**{"oneroster.version,1.1\n": "", "manifest.version,1.0\n": ""}))
    assert place.codes(delivery) == {"PKG006"}
    assert "does not give oneroster.version" in place.found(delivery, "PKG006")[0][3]


@pytest.mark.parametrize("written", ["1", "1.00", "v1.0"])
def test_a_manifest_version_that_excel_rewrote_is_a_warning(place: Place, written: str) -> None:
    delivery = landed(place, manifest(**{"manifest.version,1.0": f"manifest.version,{written}"}))
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", {"PKG004"})


def test_a_delta_is_landed_with_the_files_that_changed_alone(place: Place) -> None:
    manifest = ROSTER["manifest.csv"].replace(",bulk", ",absent").replace("file.users,absent", "file.users,delta")
    delivery = landed(place, {"manifest.csv": manifest, "users.csv": ROSTER["users.csv"]})
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", set())
    assert place.raw_counts(delivery) == {"users": 10}


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
    place.apply(f"district: alpha\nname: A\ntimezone: UTC\n{subgroups}")
    files = manifest(**{"file.demographics,absent": "file.demographics,bulk"})
    if (content := BROKEN[broken]) is not None:
        files["demographics.csv"] = content
    delivery = place.deliver("roster", {"roster.zip": zip_of(files)})
    place.land()
    assert place.delivery(delivery).state == ("rejected" if is_used else "landed")
    warning = "PKG009" if content is None else "PKG016"
    assert is_used or place.codes(delivery) == {warning}
    assert is_used or place.raw_counts(delivery) == {**place.raw_counts(delivery), "users": 10}


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_a_manifest_with_other_line_ends_is_read(place: Place, end: str) -> None:
    """Lone CRs made Python's reader raise, and no district was landed that night."""
    delivery = landed(place, manifest(**{"\n": end}))
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", set())


def _upper(files: Mapping[str, str]) -> dict[str, str]:
    return {name.upper(): text for name, text in files.items()}


MENDED: dict[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "PKG006": (manifest(**{"oneroster.version,1.1\n": ""}), ROSTER),
    "PKG014": (_upper(ROSTER), ROSTER),
    "PKG015": (manifest(**{"file.users,bulk": " File.USERS , Bulk "}), ROSTER),
    "PKG016": (
        manifest(**{"file.demographics,absent": "file.demographics,bulk"}) | {"demographics.csv": "userSourcedId,sex\n"}, ROSTER,
    ),
    "PKG017": (manifest(**{"file.users,bulk": "file.users,bulk" + "\n" * 70_000}), ROSTER),
}  # fmt: skip
"""A package with a fault, and the same as its finding says to mend it."""


@pytest.mark.parametrize("code", MENDED)
def test_a_mend_that_is_followed_works(place: Place, code: str) -> None:
    place.add()
    for files, codes in zip(MENDED[code], ({code}, set()), strict=True):
        # A zip with such a manifest is refused before it comes here.
        zipped: Mapping[str, str | bytes] = {"roster.zip": zip_of(files)}
        delivery = place.deliver("roster", files if code == "PKG017" else zipped)
        place.land()
        assert place.codes(delivery) == codes
        is_fatal = bool(codes) and severity_of(code) == "fatal"
        assert place.delivery(delivery).state == ("rejected" if is_fatal else "landed")


def test_every_fault_of_a_package_is_said_at_once(place: Place) -> None:
    files = ROSTER | {"users.csv": "sourcedId,status\nu1,\n", "classes.csv": "", "orgs.csv": ROSTER["orgs.csv"] + '"x\n'}
    delivery = landed(place, {name: text for name, text in files.items() if name != "courses.csv"})
    assert {"HDR001", "HDR005", "ROW004", "PKG003"} <= place.codes(delivery)
    assert place.raw_counts(delivery) == {}


def test_secrets_of_users_are_in_no_cell_of_the_warehouse(place: Place) -> None:
    header, first, *rest = ROSTER["users.csv"].splitlines()
    cells = first.split(",")
    for column in ("email", "sms", "phone", "password"):
        cells[header.split(",").index(column)] = f"secret-{column}"
    delivery = landed(place, ROSTER | {"users.csv": "\n".join([header, ",".join(cells), *rest]) + "\n"})
    assert place.raw_counts(delivery)["users"] == 10
    assert "secret" not in str(place.table("users"))


def test_metadata_columns_are_landed_as_a_map(place: Place) -> None:
    lines = ROSTER["orgs.csv"].splitlines()
    text = "\n".join([lines[0] + ",metadata.nces.id,metadata.it's", *(f"{line},{n},x" for n, line in enumerate(lines[1:]))])
    landed(place, ROSTER | {"orgs.csv": text + "\n"})
    assert place.table("orgs", "metadata")[0] == ({"nces.id": "0", "it's": "x"},)


def test_a_nul_in_the_name_of_a_metadata_column_stops_nobody(place: Place) -> None:
    """Names stood in the statement's text, which ended at the NUL: a parser error, and no district was landed that night."""
    place.add("beta")
    good = place.deliver("roster", {"roster.zip": zip_of(ROSTER)}, "beta")
    lines = ROSTER["orgs.csv"].splitlines()
    text = "\n".join([lines[0] + ",metadata.a\0b", *(line + ",x" for line in lines[1:])]) + "\n"
    bad = landed(place, ROSTER | {"orgs.csv": text})
    assert (place.delivery(good).state, place.delivery(bad).state) == ("landed", "rejected")
    assert place.found(bad, "CHR002")[0][:2] == ("orgs.csv", 1)


def test_counts_of_every_file_are_in_the_ledger(place: Place) -> None:
    place.add()
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
