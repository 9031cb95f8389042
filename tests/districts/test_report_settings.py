"""The section `reports`: what is read, and which pairs are counted where nothing is said."""

from __future__ import annotations

from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.districts.report_settings import Reports, pairs_of
from tests.districts.beginnings import COLUMNS, HEAD


def _columns(*subgroups: str) -> str:
    return COLUMNS + "".join(f"    {name}: {{subgroup: {name}, values: {{y: yes}}}}\n" for name in subgroups)


def test_bands_pairs_and_meal_status_are_read() -> None:
    section = "reports: {bands: {below: 0, near: 60, met: 75.5}, pairs: [[b, a]], nsla_student_level: true}\n"
    reports = parse_district(_columns("a", "b") + section).reports
    assert list(reports.bands.items()) == [("below", 0), ("near", 60), ("met", 75.5)]
    assert (reports.pairs, reports.nsla_student_level) == ((("b", "a"),), True)


def test_without_the_section_there_are_no_bands_and_meal_status_stays_out_of_pages_about_students() -> None:
    assert parse_district(HEAD).reports == Reports(bands={}, pairs=None, nsla_student_level=False)


def test_by_default_the_first_eight_closed_subgroups_are_paired() -> None:
    text = _columns(*"abcd") + "    open: {subgroup: open, open: true}\n" + _columns(*"efghij").removeprefix(COLUMNS)
    settings = parse_district(text)
    pairs = pairs_of(settings.reports, settings.subgroups)
    assert len(pairs) == len(set(pairs)) == 8 * 7 // 2
    assert pairs[0] == ("a", "b")
    assert pairs[-1] == ("g", "h")


def test_pairs_of_the_settings_replace_them_and_an_empty_list_leaves_none() -> None:
    settings = parse_district(_columns(*"abcdefghij") + "reports: {pairs: [[j, a]]}\n")
    assert pairs_of(settings.reports, settings.subgroups) == (("j", "a"),)
    settings = parse_district(_columns(*"abc") + "reports: {pairs: []}\n")
    assert pairs_of(settings.reports, settings.subgroups) == ()


def test_without_subgroups_there_is_no_pair() -> None:
    assert pairs_of(parse_district(HEAD).reports, None) == ()
