"""The standard subgroups: one source of names, and what holds where a district's settings say nothing."""

from __future__ import annotations

import pytest

from subgroup_pipeline.desk.proposal.catalogue import catalogue as names_of_columns
from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.districts.subgroup_catalogue import standard_order, standard_subgroup
from subgroup_pipeline.districts.subgroup_settings import SubgroupColumn, in_words
from subgroup_pipeline.districts.subgroup_sources import RACE_ETHNICITY, RACE_FLAGS, VOCABULARY
from tests.districts.beginnings import COLUMNS

OF_REPORT_CARDS = {
    *("economically_disadvantaged", "race_ethnicity", "students_with_disabilities", "english_learner"),
    *("gender", "migrant", "homeless", "foster", "military_connected"),
}
"""ESEA 1111(c)(2), and what 1111(h)(1)(C) adds."""


def _column(written: str) -> SubgroupColumn:
    subgroups = parse_district(f"{COLUMNS}    a: {written}\n").subgroups
    assert subgroups is not None
    return subgroups.columns["a"]


def test_every_subgroup_that_is_proposed_is_a_standard_one_and_of_a_known_group() -> None:
    for name in names_of_columns().subgroups:
        standard = standard_subgroup(name)
        assert standard is not None, name
        assert standard.essa_group in OF_REPORT_CARDS | {None}
        assert standard.label


def test_the_groups_of_accountability_come_first_and_own_subgroups_last() -> None:
    names = ("economically_disadvantaged", "race_ethnicity", "students_with_disabilities", "english_learner", "gender", "title_i")
    orders = [standard_order(name, place) for place, name in enumerate((*names, "robotics_club", "chess_club"), start=1)]
    assert orders == sorted(set(orders))


def test_labels_of_the_settings_go_before_the_catalogue() -> None:
    assert _column("{subgroup: race_ethnicity, open: true}").shown_name == "Race and ethnicity"
    assert _column("{subgroup: race_ethnicity, open: true, label: Race}").shown_name == "Race"
    assert _column("{subgroup: robotics_club_ii, open: true}").shown_name == "Robotics club II"


def test_the_roll_up_of_races_is_called_as_the_federal_categories_are() -> None:
    column = _column("{subgroup: race_ethnicity, open: true}")
    shown = [column.value_label(value) or in_words(value) for value in VOCABULARY[RACE_ETHNICITY].values()]
    assert shown == [
        "Hispanic or Latino", "American Indian or Alaska Native", "Asian", "Black or African American",
        "Native Hawaiian or Other Pacific Islander", "White", "Two or more races",
    ]  # fmt: skip
    assert len(shown) == len(RACE_FLAGS)


@pytest.mark.parametrize(
    ("written", "sensitivity"),
    [
        ("{subgroup: lunch, values: {f: free, r: reduced, p: paid}}", "nsla"),
        ("{subgroup: economically_disadvantaged, values: {f: free, n: not_eligible}}", "nsla"),
        ("{subgroup: economically_disadvantaged, values: {y: yes, n: no}}", "standard"),
        ("{subgroup: direct_certification, values: {y: yes, n: no}}", "nsla"),
        ("{subgroup: direct_certification, values: {y: yes, n: no}, sensitivity: standard}", "standard"),
        ("{subgroup: lunch, values: {f: free}, sensitivity: standard}", "standard"),
        ("{subgroup: gifted, values: {y: yes}, sensitivity: nsla}", "nsla"),
        ("{subgroup: home_language, open: true}", "standard"),
    ],
)
def test_what_tells_of_meals_is_nsla_unless_the_settings_say_otherwise(written: str, sensitivity: str) -> None:
    assert _column(written).sensitivity == sensitivity
