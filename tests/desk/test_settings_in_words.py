"""What a district reads of its settings about reports."""

from __future__ import annotations

from subgroup_pipeline.desk.settings_in_words import settings_in_words
from subgroup_pipeline.districts.district_file import parse_district
from tests.districts.beginnings import COLUMNS

TWO = COLUMNS + "    a: {subgroup: english_learner, values: {y: yes}}\n    b: {subgroup: wida, label: WIDA, values: {1: one}}\n"


def _said(reports: str) -> dict[str, str]:
    sections = {section.title: section.settings for section in settings_in_words(parse_district(TWO + reports))}
    return {setting.what: setting.value for setting in sections["What reports show"]}


def test_bands_and_pairs_are_said_with_the_names_that_reports_have() -> None:
    reports = "reports: {bands: {below: 0, near_standard: 62.5}, pairs: [[wida, english_learner]], nsla_student_level: true}\n"
    assert _said(reports) == {
        "Performance bands": "Below from 0%, Near standard from 62.5%",
        "Two subgroups together": "WIDA and English learner",
        "Free and reduced-price meals": "shown student by student",
    }


def test_what_is_not_set_is_said_too() -> None:
    counted = {"Performance bands": "none", "Free and reduced-price meals": "counted only"}
    assert _said("") == counted | {"Two subgroups together": "all pairs of your first 8 subgroups"}
    assert _said("reports: {pairs: []}\n") == counted | {"Two subgroups together": "none"}
