"""A district's YAML: what is taken exactly as written, and every refusal with its line and the words allowed there."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from pathlib import Path

import pytest

from subgroup_pipeline.districts.district_file import canonical, parse_district, read_district_file
from subgroup_pipeline.districts.membership import NOT_A_MEMBER, means_membership
from tests.districts.beginnings import COLUMNS, HEAD

DESIGN = """\
district: grand_bend
name: Grand Bend ISD
timezone: America/Chicago
as_of: 2020-10-01                   # delivery (our default) | roster | a date
contacts: [data@grandbend.example]
schedule: "02:00"                   # when uploads are expected (lag and nothing-arrived checks)
roster: {source: sftp, path: inbox/roster}        # sftp | oneroster_api (later)
subgroups:                          # may be absent: the marts then hold all_students only
  sources: [file]                   # file | roster_metadata | demographics, in order of precedence
  path: inbox/subgroups
  files: "*.csv"
  student_id_column: student_id
  matches: userIds:Local
  columns:                          # also: optional, aliases, label, sensitivity (nsla), from: metadata.<name>
    ell:       {subgroup: english_learner, values: {y: yes, n: no}}
    sped:      {subgroup: students_with_disabilities, values: {y: yes, n: no}}
    title_i:   {subgroup: title_i, values: {1: yes, 0: no}, blank: no}
    home_lang: {subgroup: home_language, open: true}
privacy: {minimum_count: 10}        # release: monthly | count_day | nightly (later)
guards: {removed_students: 0.10, match_rate: 0.95, first_delivery: accept}   # accept | review
publish_when: tolerant              # tolerant (our default) | clean: only deliveries without set-aside rows
"""


def test_the_file_of_the_design_is_taken_exactly() -> None:
    settings = parse_district(DESIGN)
    assert settings.as_of == date(2020, 10, 1)
    assert settings.schedule == "02:00"
    guards = settings.guards
    assert (guards.removed_students, guards.match_rate, guards.first_delivery) == (0.10, 0.95, "accept")
    assert settings.subgroups is not None
    known_values = settings.subgroups.known_values
    assert {name: (c.subgroup, known_values(name), c.open, c.blank) for name, c in settings.subgroups.columns.items()} == {
        "ell": ("english_learner", {"y": "yes", "n": "no"}, False, "not_reported"),
        "sped": ("students_with_disabilities", {"y": "yes", "n": "no"}, False, "not_reported"),
        "title_i": ("title_i", {"1": "yes", "0": "no"}, False, "no"),
        "home_lang": ("home_language", {}, True, "not_reported"),
    }


def test_three_lines_are_enough_and_the_defaults_are_those_of_the_design() -> None:
    settings = parse_district(HEAD)
    assert (settings.as_of, settings.publish_when, settings.privacy.minimum_count) == ("delivery", "tolerant", 10)
    assert (settings.guards.first_delivery, settings.subgroups, settings.schedule) == ("review", None, None)


@pytest.mark.parametrize("word", ["no", "1", "03:00", "2020-10-01", "null", "~", "0x1F", "1e3", "true", ".inf", "010", "1_000"])
def test_a_word_stays_the_text_that_was_written(word: str) -> None:
    settings = parse_district(f"district: alpha\nname: {word}\ntimezone: UTC\n")
    assert settings.name == word


def test_words_that_yaml_would_make_booleans_stay_keys_and_values_of_columns() -> None:
    settings = parse_district(COLUMNS + "    on: {subgroup: e, values: {yes: no, 1: off, null: ~}, blank: no}\n")
    assert settings.subgroups is not None
    assert settings.subgroups.known_values("on") == {"yes": "no", "1": "off", "null": "~"}
    assert settings.subgroups.columns["on"].blank == "no"


def test_a_value_is_membership_as_the_settings_say_else_by_its_words() -> None:
    values = "{Y: yes, N: no, E: {value: exited_early, member: true}, L: {value: level_1}}"
    settings = parse_district(COLUMNS + f"    el: {{subgroup: el, values: {values}, blank: english_only}}\n").subgroups
    assert settings is not None
    column = settings.columns["el"]
    said = {value: column.is_member(value) for value in (*settings.known_values("el").values(), "english_only", "not_reported")}
    assert said == {
        "yes": True, "no": False, "exited_early": True, "level_1": True, "english_only": False, "not_reported": False
    }  # fmt: skip
    opened = parse_district(COLUMNS + "    a: {subgroup: a, open: true, values: {y: yes}}\n").subgroups
    assert opened is not None
    assert opened.columns["a"].is_member("yes") is None


def test_words_for_blank_are_those_of_the_column_else_of_the_section_and_no_known_value() -> None:
    columns = "    a: {subgroup: a, open: true, blank_words: []}\n    b: {subgroup: b, values: {NULL: x}}\n"
    subgroups = parse_district(COLUMNS + columns + '  blank_words: [NULL, " N/A", "-"]\n').subgroups
    assert subgroups is not None
    assert [subgroups.words_read_as_blank(name) for name in "ab"] == [[], ["n/a", "-"]]


@pytest.mark.parametrize(
    ("value", "is_member"),
    [
        ("yes", True), ("level_1", True), ("free", True), ("1", True), ("1.0", True), ("northern", True), ("Not Eligible", False),
        ("never_el", False), ("former_el", False), ("el-exited", False), ("reclassified", False), ("0", False), ("N", False),
        ("none", False), ("paid", False), ("Full price", False), ("full_time", True), ("unknown", False), ("general", False),
    ],
)  # fmt: skip
def test_words_that_deny_membership(value: str, is_member: bool) -> None:
    assert means_membership(value, "general") is is_member
    assert means_membership("yes", "yes")


def test_the_page_for_a_new_district_names_the_words() -> None:
    page = (Path(__file__).parents[2] / "docs" / "adding-a-district.md").read_text(encoding="utf-8")
    said = page.partition("is or has one of the words")[2].partition("or it is the column")[0]
    assert set(re.findall("`(.*?)`", said)) == NOT_A_MEMBER


def test_texts_are_compared_as_nfc() -> None:
    decomposed = COLUMNS + "    Prénom: {subgroup: a, open: true, values: {é: oui}, aliases: [Été]}\n"
    assert parse_district(unicodedata.normalize("NFD", decomposed)) == parse_district(unicodedata.normalize("NFC", decomposed))
    assert canonical(unicodedata.normalize("NFD", " Été-1 ")) == "été_1"


@pytest.mark.parametrize("key", ["no", "12", "a_", "1abc", "a" * 41, "null"])
def test_a_district_key_that_only_looks_odd_is_taken(key: str) -> None:
    assert parse_district(f"district: {key}\nname: A\ntimezone: UTC\n").district == key


def test_a_tag_makes_nothing_of_a_value() -> None:
    assert parse_district("district: alpha\nname: !!python/object:os.system x\ntimezone: UTC\n").name == "x"


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    file = tmp_path / "alpha.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    settings, text = read_district_file(file)
    assert settings.district == "alpha"
    assert text.startswith("district: alpha")


@pytest.mark.parametrize("form", ["Home Lang", " home_lang ", "HOME-LANG", "home lang", "home\u00a0lang"])
def test_forms_of_a_header_are_one(form: str) -> None:
    assert canonical(form) == "home_lang"


def test_a_guard_says_where_its_value_comes_from_and_seasons_are_days() -> None:
    text = HEAD + "guards: {growth: 2, seasons: [{from: 2027-06-01, to: 2027-08-15, only: nothing}]}\n"
    guards = parse_district(text).guards
    assert (guards.origin("growth"), guards.origin("changed")) == ("this district's setting", "our default")
    (season,) = guards.seasons
    assert (season.first_day, season.last_day, season.only) == (date(2027, 6, 1), date(2027, 8, 15), "nothing")
    assert type(guards).model_validate(guards.model_dump(mode="json")) == guards, "as the registry keeps it"


SOURCES = (
    HEAD
    + """\
subgroups:
  sources: [roster_metadata, file, demographics]
  columns:
    ell: {subgroup: ell, values: {y: yes}}
    Home Lang: {subgroup: lang, open: true, from: Metadata.EDU.Home-Lang}
    frl: {subgroup: frl, open: true, from: [metadata.lunch, file], optional: true}
    sex: {subgroup: sex, values: {female: f, male: m}}
    race: {subgroup: race, from: demographics.Race-Ethnicity}
    metadata.migrant: {subgroup: migrant, open: true}
"""
)


def test_each_column_has_its_places_in_the_order_of_the_sources() -> None:
    subgroups = parse_district(SOURCES).subgroups
    assert subgroups is not None
    assert {name: [(p.source, p.column) for p in subgroups.places(name)] for name in subgroups.columns} == {
        "ell": [("roster_metadata", "metadata.ell"), ("file", "ell")],
        "Home Lang": [("roster_metadata", "metadata.edu.home_lang")],
        "frl": [("roster_metadata", "metadata.lunch"), ("file", "frl")],
        "sex": [("roster_metadata", "metadata.sex"), ("file", "sex"), ("demographics", "demographics.sex")],
        "race": [("demographics", "demographics.race_ethnicity")],
        "metadata.migrant": [("roster_metadata", "metadata.migrant")],
    }
    required = [(name, s) for name in subgroups.columns for s in subgroups.sources if subgroups.is_required(name, s)]
    assert required == [
        ("ell", "roster_metadata"),
        ("Home Lang", "roster_metadata"),
        ("sex", "roster_metadata"),
        ("race", "demographics"),
        ("metadata.migrant", "roster_metadata"),
    ]
    assert subgroups.known_values("race")["asian"] == "asian"


def test_settings_come_back_from_the_registry_as_they_were() -> None:
    settings = parse_district(SOURCES)
    document = settings.model_dump(mode="json")
    assert document["subgroups"]["columns"]["frl"]["from"] == ["metadata.lunch", "file"]
    assert type(settings).model_validate(document) == settings


def test_a_district_with_roster_sources_alone_has_no_subgroup_file() -> None:
    text = HEAD + "subgroups:\n  sources: [roster_metadata]\n  columns:\n    ell: {subgroup: ell, open: true}\n"
    settings = parse_district(text)
    assert (settings.has_subgroup_file, settings.reads_roster) == (False, True)
    assert parse_district(DESIGN).has_subgroup_file
    assert not parse_district(HEAD).has_subgroup_file
