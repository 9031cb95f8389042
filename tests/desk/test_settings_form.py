"""Settings as a form: what is changed is put back into the YAML, and everything else stays as it was written."""

from __future__ import annotations

import difflib

import pytest

from subgroup_pipeline.desk.settings_change import as_written, compare
from subgroup_pipeline.desk.settings_form import edited_text, settings_form
from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.errors import SettingsError

TEXT = """\
# Settings of Grand Bend, agreed on in May.
district: grand_bend
name: Grand Bend ISD   # as the board writes it
timezone: America/Chicago
as_of: 2020-10-01                   # delivery | roster | a date
contacts: [data@grandbend.example]
schedule: "02:00"                   # local time
roster: {source: sftp, path: inbox/roster}

subgroups:
  matches: userIds:Local
  columns:
    # Learners first.
    ell:       {subgroup: english_learner, values: {y: yes, n: no, 007: no}, label: "Learners"}
    title_i:   {subgroup: title_i, values: {1: yes, 0: no}, blank: no}      # digits
    level:
      subgroup: wida
      values: {L1: {value: level_1, member: true}, L6: {value: level_6, member: false}}
privacy: {minimum_count: 10}
guards: {removed_students: 0.10, first_delivery: accept}
"""


def _changed(given: dict[str, str], text: str = TEXT) -> list[str]:
    """The lines that go and come, as `-…` and `+…`; the text is one that is accepted."""
    new = edited_text(text, given)
    parse_district(new)
    return [line for line in difflib.ndiff(text.splitlines(), new.splitlines()) if line[0] in "+-"]


def _form_of(text: str) -> dict[str, str]:
    """Every field as a browser sends it back."""
    form = settings_form(text)
    given = {field.name: field.value for field in [*form.common, *form.subgroups, *form.guards]}
    for column in form.columns:
        name = f"column.{column.number}"
        given |= {f"{name}.header": column.header, f"{name}.subgroup": column.subgroup, f"{name}.blank": column.blank}
        given[f"{name}.values"] = column.values.replace("\n", "\r\n")
        given |= {f"{name}.open": "1"} if column.is_open else {}
        given |= {f"{name}.optional": "1"} if column.is_optional else {}
    number = len(form.columns)
    return given | {f"column.{number}.{name}": "" for name in ("header", "subgroup", "blank", "values")}


def test_a_form_that_is_sent_back_changes_nothing() -> None:
    assert edited_text(TEXT, _form_of(TEXT)) == TEXT
    assert edited_text(TEXT, {}) == TEXT


@pytest.mark.parametrize(
    ("field", "value", "lines"),
    [
        (
            "name",
            "Bend: ISD",
            ["- name: Grand Bend ISD # as the board writes it", "+ name: 'Bend: ISD' # as the board writes it"],
        ),
        ("contacts", "a@b.ex, c@d.ex", ["- contacts: [data@grandbend.example]", "+ contacts: [a@b.ex, c@d.ex]"]),
        ("roster.path", "", ["- roster: {source: sftp, path: inbox/roster}", "+ roster: {source: sftp}"]),
        (
            "guards.growth",
            "0.40",
            [
                "- guards: {removed_students: 0.10, first_delivery: accept}",
                "+ guards: {removed_students: 0.10, first_delivery: accept, growth: 0.40}",
            ],
        ),
        ("subgroups.student_id_column", "id", ["+ student_id_column: id"]),
        ("publish_when", "clean", ["+ publish_when: clean"]),
        (
            "reports.bands",
            "below 0, near 60,met 75.5",
            ["+ reports:", "+ bands: {below: 0, near: 60, met: 75.5}"],
        ),
        ("reports.pairs", "english_learner + title_i", ["+ reports:", "+ pairs: [[english_learner, title_i]]"]),
        ("reports.nsla_student_level", "true", ["+ reports:", "+ nsla_student_level: true"]),
    ],
)
def test_only_what_is_changed_is_written(field: str, value: str, lines: list[str]) -> None:
    assert [" ".join(line.split()) for line in _changed(_form_of(TEXT) | {field: value})] == lines


def test_bands_and_pairs_are_shown_in_one_line_and_stay_as_they_are() -> None:
    text = TEXT + "reports: {bands: {below: 0, met: 75}, pairs: [[title_i, wida], [wida, english_learner]]}   # by the board\n"
    form = _form_of(text)
    assert (form["reports.bands"], form["reports.pairs"]) == ("below 0, met 75", "title_i + wida, wida + english_learner")
    assert edited_text(text, form) == text


def test_a_band_without_a_percent_is_refused_with_its_name() -> None:
    with pytest.raises(SettingsError, match=r"reports\.bands\.below"):
        parse_district(edited_text(TEXT, {"reports.bands": "below, met 75"}))


def test_a_setting_that_is_emptied_has_its_default_again() -> None:
    new = parse_district(edited_text(TEXT, _form_of(TEXT) | {"schedule": "", "privacy.minimum_count": ""}))
    assert (new.schedule, new.privacy.minimum_count) == (None, 10)


def test_columns_are_changed_renamed_added_and_taken_out() -> None:
    form = _form_of(TEXT)
    form |= {"column.0.header": "EL", "column.0.values": "y = yes\n\n n = no \nm = monitored", "column.1.header": ""}
    form |= {"column.3.header": "lang", "column.3.subgroup": "home_language", "column.3.open": "1", "column.3.optional": "1"}
    text = edited_text(TEXT, form)
    assert "# Learners first." in text
    columns = parse_district(text).subgroups.columns  # type: ignore[union-attr]
    assert list(columns) == ["EL", "level", "lang"]
    assert (columns["EL"].label, {key: one.value for key, one in columns["EL"].values.items()}) == (
        "Learners",
        {"y": "yes", "n": "no", "m": "monitored"},
    )
    assert (columns["lang"].open, columns["lang"].optional) == (True, True)


def test_who_is_a_member_stays_said() -> None:
    before = parse_district(TEXT).subgroups.columns["level"]  # type: ignore[union-attr]
    form = _form_of(TEXT)
    assert form["column.2.values"] == "L1 = level_1 (member)\r\nL6 = level_6 (not a member)"
    form["column.2.values"] += "\r\nL7 = level_7"
    after = parse_district(edited_text(TEXT, form)).subgroups.columns["level"]  # type: ignore[union-attr]
    assert {key: after.values[key] for key in before.values} == before.values
    assert after.values["L7"].member is None


def test_a_comparison_shows_a_few_lines_around_each_change() -> None:
    lines = [f"line {n}" for n in range(30)]
    changed = [*lines[:5], "new", *lines[5:25], *lines[26:]]
    shown = compare("\n".join(lines), "\n".join(changed))
    assert [(line.kind, line.text) for line in shown if line.kind != "same"] == [
        ("added", "new"),
        ("more", ""),
        ("gone", "line 25"),
    ]
    assert compare("a\n", "a\n") == []


def test_texts_from_browsers_are_kept_as_files_have_them() -> None:
    assert as_written("\ufeffa: b\r\nc: d\r\n\r\n") == "a: b\nc: d\n"
