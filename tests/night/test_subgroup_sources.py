"""Subgroups inside the roster: where a value is taken from, what is not shared, and what holds the roster."""

from __future__ import annotations

import pytest

from tests.night.conftest import TwoNights
from tests.night.roster_sources import YES_NO, roster, settings
from tests.support import small_district as small
from tests.support.installation import Installation, lines_of

pytestmark = [pytest.mark.xdist_group("two nights"), pytest.mark.slow]

STUDENTS = [f"s{n:03}" for n in range(10)]
Value = tuple[str, str | None, str]


def values(installation: Installation, district: str, subgroup: str) -> dict[str, Value]:
    rows = installation.ask(
        "select student_id, value, raw_value, source from marts.fct_student_subgroup "
        f"where district_id = '{district}' and subgroup = '{subgroup}' order by student_id"
    )
    return {student: tuple(rest) for student, *rest in rows}


def findings(installation: Installation, district: str) -> set[tuple[str, str | None, str | None]]:
    """Codes of the newest roster with file and column, those about the roster itself left out."""
    found = installation.deliveries(district, "roster")[-1]["findings"]
    return {(f["code"], f["file"], f["column"]) for f in found if f["code"] in ("HDR003", "SUB506", "SUB530", "SUB531", "SUB532")}


@pytest.fixture(scope="module")
def night(two_nights: TwoNights) -> Installation:
    """After both nights, of which the second brought these districts nothing new."""
    return two_nights.installation


def test_the_first_source_that_reports_a_value_wins(night: Installation) -> None:
    assert values(night, "file_first", "ell") == {
        "s000": ("yes", "Y", "file"),
        "s001": ("no", "N", "roster_metadata"),
        "s002": ("not_reported", "perhaps", "file"),
        "s003": ("yes", "Y", "roster_metadata"),
        "s004": ("no", "n", "file"),
        **dict.fromkeys(STUDENTS[5:], ("not_reported", None, "roster_metadata")),
    }
    assert values(night, "file_first", "sped")["s000"] == ("yes", "y", "roster_metadata")
    assert values(night, "roster_first", "ell")["s000"] == ("no", "N", "roster_metadata")
    assert values(night, "roster_first", "sped")["s000"] == ("no", "n", "file")


def test_a_value_names_the_delivery_of_its_source_and_the_columns_a_clerk_sees(night: Installation) -> None:
    rows = night.ask(
        "select distinct f.source, f.delivery_id = d.roster_delivery_id, f.received_at = d.roster_received_at "
        "from marts.fct_student_subgroup f join marts.dim_district d using (district_id) "
        "where f.district_id = 'file_first' and f.delivery_id is not null order by 1"
    )
    assert rows == [("file", False, False), ("roster", True, True), ("roster_metadata", True, True)]
    columns = night.ask("select distinct district_id, subgroup, source_column from marts.dim_subgroup where source_column <> ''")
    assert set(columns) >= {
        ("file_first", "ell", "ell, metadata.ell"),
        ("roster_first", "sped", "sped"),
        ("dotted", "ell", "metadata.edu.english_learner"),
        ("dotted", "lunch", "metadata.lunch"),
        ("shared", "sex", "demographics.sex"),
    }


def test_not_shared_and_blank_and_no_are_three_things(night: Installation) -> None:
    ell, gifted = values(night, "shared", "ell"), values(night, "shared", "gifted")
    assert [ell[student][:2] for student in STUDENTS[:4]] == [
        ("yes", "Y"),
        ("no", None),
        ("no", "n"),
        ("not_reported", None),
    ]
    assert set(gifted.values()) == {("not_reported", None, "roster_metadata")}
    sex, asian = values(night, "shared", "sex"), values(night, "shared", "asian")
    assert [sex[student][:2] for student in STUDENTS[:4]] == [
        ("female", "Female"),
        ("declined", None),
        ("not_reported", "x"),
        ("not_reported", None),
    ]
    assert set(asian.values()) == {("not_reported", None, "demographics")}


def test_a_column_that_is_missing_and_optional_warns_and_an_unmapped_value_is_found_with_its_line(night: Installation) -> None:
    assert findings(night, "shared") == {
        ("SUB532", "users.csv", "metadata.gifted"),
        ("SUB532", "demographics.csv", "asian"),
        ("SUB506", "demographics.csv", "sex"),
    }
    delivery = night.deliveries("shared", "roster")[-1]["delivery_id"]
    assert lines_of(night.registry, delivery, "SUB506") == [4]
    assert findings(night, "file_first") == {("SUB506", "users.csv", "metadata.ell")}
    assert lines_of(night.registry, night.deliveries("file_first", "roster")[-1]["delivery_id"], "SUB506") == [4]


def test_dots_case_spaces_and_hyphens_of_a_name_do_not_matter(night: Installation) -> None:
    found = {subgroup: values(night, "dotted", subgroup)["s000"] for subgroup in ("ell", "sped", "lunch")}
    assert found == {
        "ell": ("yes", "Y", "roster_metadata"),
        "sped": ("no", "n", "roster_metadata"),
        "lunch": ("Free", "Free", "roster_metadata"),
    }
    assert findings(night, "dotted") == set()


def test_races_are_rolled_up_and_other_texts_in_the_flags_are_said(night: Installation) -> None:
    assert [values(night, "races", "race")[student][0] for student in STUDENTS[:8]] == [
        "hispanic_or_latino",
        "two_or_more_races",
        "two_or_more_races",
        "black_or_african_american",
        "not_reported",
        "not_reported",
        "white",
        "not_reported",
    ]
    assert findings(night, "races") == {("SUB506", "demographics.csv", "white")}


def test_another_vendors_prefix_is_not_taken_for_metadata(night: Installation) -> None:
    assert findings(night, "imagine") == {
        ("HDR003", "users.csv", "ext_imagineLearning_Language"),
        ("SUB530", "users.csv", "metadata.language"),
    }
    assert night.deliveries("imagine", "roster")[-1]["state"] == "held"
    said = [f["message"] for f in night.deliveries("imagine", "roster")[-1]["findings"] if f["code"] == "SUB530"]
    assert "`ext_imaginelearning_language`" in said[0]


@pytest.mark.slow
def test_a_column_that_vanishes_for_everyone_holds_the_roster_and_a_settings_change_maps_what_already_came(
    installation: Installation,
) -> None:
    filled = dict.fromkeys(range(10), "Y")
    both = {"metadata.ell": filled, "metadata.sped": filled}
    for district in ("gone", "emptied", "few", "mapped"):
        optional = f"{YES_NO}, optional: true"
        installation.apply(settings(district, "[roster_metadata]", ell=optional, sped=YES_NO))
        installation.drop(district, "roster", roster(both if district != "few" else {**both, "metadata.ell": {0: "y", 1: "y"}}))
    installation.night()
    before = installation.ask("select * from marts.fct_student_subgroup where district_id <> 'mapped' order by all")
    installation.drop("gone", "roster", roster({"metadata.sped": filled}))
    installation.drop("emptied", "roster", roster({**both, "metadata.sped": {}}))
    installation.drop("few", "roster", roster({**both, "metadata.ell": {}}))
    installation.apply(settings("mapped", "[roster_metadata]", ell="values: {y: learner}", sped=YES_NO))
    installation.night()
    assert findings(installation, "gone") == {("SUB531", "users.csv", "metadata.ell")}
    assert findings(installation, "emptied") == {("SUB531", "users.csv", "metadata.sped")}
    states = {district: installation.deliveries(district)[-1]["state"] for district in ("gone", "emptied", "few", "mapped")}
    assert states == {"gone": "held", "emptied": "held", "few": "published", "mapped": "published"}
    kept = "where district_id in ('gone', 'emptied') order by all"
    assert installation.ask(f"select * from marts.fct_student_subgroup {kept}") == [
        row for row in before if row[0] in ("gone", "emptied")
    ]
    assert installation.district_report("mapped")["ell", "learner"] == 10
    # A live roster that new settings ask for what it does not have keeps its district as published.
    installation.apply(settings("mapped", "[roster_metadata]", ell="values: {y: again}", migrant=YES_NO))
    installation.night()
    assert installation.district_report("mapped")["ell", "learner"] == 10
    assert ("SUB530", "users.csv", "metadata.migrant") in findings(installation, "mapped")


@pytest.mark.slow
def test_a_delta_carries_over_the_metadata_of_students_it_does_not_name(installation: Installation) -> None:
    district = installation.apply(settings("delta", "[roster_metadata]", ell=f"{YES_NO}, blank: no"))
    first = roster(None, ["sourcedId,metadata.ell", "s000,Y", "s001,Y"])
    installation.upload(district, "roster", first)
    installation.night()
    changed = "sourcedId,status,dateLastModified,METADATA.ELL\ns001,active,2026-10-02T00:00:00.000Z,\n"
    manifest = small.manifest({}).replace("file.demographics,absent", "file.demographics,delta")
    installation.upload(district, "roster", {"manifest.csv": manifest, "demographics.csv": changed})
    installation.night()
    assert installation.deliveries(district)[-1]["state"] == "published"
    ell = values(installation, district, "ell")
    assert [ell[student][:2] for student in STUDENTS[:3]] == [("yes", "Y"), ("no", None), ("not_reported", None)]
