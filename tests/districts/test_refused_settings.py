"""Settings of a district that are refused: each with its line and with what is allowed there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgroup_pipeline.districts.district_file import RESERVED_KEYS, parse_district, read_district_file
from subgroup_pipeline.errors import SettingsError
from tests.districts.beginnings import COLUMNS, HEAD, SERVER

# Each refusal: what is written, the line that is named, and words that must be in the message.
REFUSED: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "unknown key at the top": (HEAD + "as_off: roster\n", 4, ("`as_off`", "as_of", "contacts", "publish_when")),
    "unknown key under roster": (HEAD + "roster:\n  sauce: sftp\n", 5, ("`sauce`", "`roster`", "source, path")),
    "unknown key under subgroups": (COLUMNS + "    a: {subgroup: a, open: true}\n  colums: {}\n", 7, ("`colums`", "columns")),
    "unknown key of a column": (
        COLUMNS + "    a: {subgroup: a, open: true}\n    b:\n      subgroup: b\n      values: {y: yes}\n      blnk: no\n", 10,
        ("`blnk`", "subgroups.columns.b", "blank", "sensitivity")),
    "unknown key under guards": (HEAD + "guards:\n  match_rate: 0.9\n  removed: 0.1\n", 6, ("`removed`", "removed_students")),
    "unknown key under privacy": (HEAD + "privacy: {minimum: 5}\n", 4, ("`minimum`", "minimum_count")),
    "count day without its release": (
        HEAD + "privacy:\n  count_day: 10-01\n", 4, ("`count_day: 10-01`", "`release: count_day`", "`release: monthly`")),
    "count day that not every year has": (HEAD + "privacy:\n  release: count_day\n  count_day: 02-29\n", 6, ("10-01",)),
    "minimum below that of the profile": (
        HEAD + "privacy: {profile: nces, minimum_count: 5}\n", 4, ("`profile: nces`", "below 10", "`profile: custom`")),
    "empty groups that the profile hides": (HEAD + "privacy: {profile: nces, zero: show}\n", 4, ("`zero: hide`",)),
    "unknown profile": (HEAD + "privacy: {profile: utah}\n", 4, ("`privacy.profile` is `utah`", "'texas'", "'new_york'")),
    "unknown key under server": (SERVER + "  private_key: k\n  passwort: x\n", 9, ("`passwort`", "host_key")),
    "key given twice": (HEAD + "name: Beta\n", 4, ("`name`", "twice")),
    "column given twice": (COLUMNS + "    a: {subgroup: a, open: true}\n    a: {subgroup: b, open: true}\n", 7, ("`a`", "twice")),
    "missing name": ("district: alpha\ntimezone: UTC\n", 1, ("`name` is missing",)),
    "missing part of server": (SERVER, 4, ("`private_key` is missing", "`server`")),
    "no values and not open": (COLUMNS + "    a: {subgroup: a}\n", 6, ("values: {y: yes, n: no}", "open: true")),
    "values that differ in case only": (COLUMNS + "    a: {subgroup: a, values: {y: yes, Y: no}}\n", 6, ("regard to case",)),
    "value of a blank cell": (COLUMNS + '    a: {subgroup: a, values: {"": no}}\n', 6, ("`blank:`",)),
    "value that is empty": (COLUMNS + "    a: {subgroup: a, values: {y: }}\n", 6, ("a value is empty",)),
    "unknown key of a value": (
        COLUMNS + "    a:\n      subgroup: a\n      values:\n        y: {value: yes, membr: yes}\n", 9,
        ("`membr`", "subgroups.columns.a.values.y", "value, member")),
    "word for blank that is a value": (
        COLUMNS + "    a: {subgroup: a, values: {na: no}, blank_words: [NA]}\n", 6, ("NA stands both", "`blank_words`")),
    "words for blank of demographics": (
        COLUMNS + "    sex: {subgroup: a, from: demographics.sex, blank_words: [NA]}\n  sources: [demographics]\n", 4,
        ("`blank_words` of sex",)),
    "member that is no boolean": (COLUMNS + "    a: {subgroup: a, values: {y: {value: yes, member: maybe}}}\n", 6, ("member",)),
    "member both ways": (
        COLUMNS + "    a: {subgroup: a, values: {y: {value: z, member: 1}, t: {value: z, member: 0}}}\n", 6, ("z is both",)),
    "member of an open column": (
        COLUMNS + "    a: {subgroup: a, open: true, values: {y: {value: yes, member: yes}}}\n", 6, ("values are all known",)),
    "member of not_reported": (
        COLUMNS + "    a: {subgroup: a, values: {u: {value: not_reported, member: yes}}}\n", 6, ("says nothing",)),
    "bad subgroup name": (COLUMNS + "    a: {subgroup: English Learner, open: true}\n", 6, ("lower case", "english_learner")),
    "subgroup all_students": (COLUMNS + "    a: {subgroup: all_students, open: true}\n", 6, ("not all_students",)),
    "columns of one canonical form": (
        COLUMNS + "    Home Lang: {subgroup: a, open: true}\n    home-lang: {subgroup: b, open: true}\n", 4,
        ("home_lang", "twice")),
    "alias that is another column": (
        COLUMNS + "    a: {subgroup: a, open: true}\n    b: {subgroup: b, open: true, aliases: [A]}\n", 4, ("column a", "twice")),
    "column that is the student": (COLUMNS + "    Student-ID: {subgroup: a, open: true}\n", 4, ("student_id", "twice")),
    "two columns of one subgroup": (
        COLUMNS + "    a: {subgroup: a, open: true}\n    b: {subgroup: a, open: true}\n", 4, ("subgroup a", "twice")),
    "a source that does not exist": (
        COLUMNS + "    a: {subgroup: a, open: true}\n  sources: [file, api]\n", 7, ("`api`", "'roster_metadata'")),
    "no source": (COLUMNS + "    a: {subgroup: a, open: true}\n  sources: []\n", 7, ("at least 1",)),
    "a source twice": (COLUMNS + "    a: {subgroup: a, open: true}\n  sources: [file, file]\n", 4, ("file twice",)),
    "from another vendor's prefix": (
        COLUMNS + "    a: {subgroup: a, open: true, from: ext_vendor_a}\n", 6,
        ("metadata.<name>", "demographics.<column>", "sex")),
    "from metadata without a name": (COLUMNS + "    a: {subgroup: a, open: true, from: metadata.}\n", 6, ("metadata.<name>",)),
    "from a column demographics.csv does not have": (
        COLUMNS + "    a: {subgroup: a, open: true, from: demographics.birthDate}\n", 6,
        ("countryOfBirthCode", "race_ethnicity")),
    "from two columns of one source": (
        COLUMNS + "    a: {subgroup: a, open: true, from: [metadata.a, metadata.b]}\n", 6, ("one place a source",)),
    "from a source that is not named": (
        COLUMNS + "    a: {subgroup: a, open: true, from: metadata.a}\n", 4, ("column a", "roster_metadata", "sources")),
    "from in another order than sources": (
        COLUMNS + "    a: {subgroup: a, open: true, from: [metadata.a, file]}\n  sources: [file, roster_metadata]\n", 4,
        ("places of a", "another order")),
    "a source that no column is read from": (
        COLUMNS + "    a: {subgroup: a, open: true}\n  sources: [file, demographics]\n", 4, ("demographics", "no column")),
    "a column that no source has": (
        COLUMNS + "    a: {subgroup: a, open: true}\n  sources: [demographics]\n", 4, ("no source has the column a",)),
    "a path without a file": (
        COLUMNS + "    a: {subgroup: a, open: true}\n  sources: [roster_metadata]\n  path: inbox/x\n", 4, ("`path`", "file")),
    "aliases of a roster column": (
        COLUMNS + "    a: {subgroup: a, open: true, aliases: [b]}\n  sources: [roster_metadata]\n", 4,
        ("`aliases` of a", "`from`")),
    "values that leave out races": (
        COLUMNS + "    a: {subgroup: a, values: {white: w}, from: demographics.race_ethnicity}\n  sources: [demographics]\n", 4,
        ("must name all", "asian", "two_or_more_races")),
    "bad timezone": ("district: alpha\nname: A\ntimezone: Texas\n", 3, ("IANA", "America/Chicago")),
    "timezone that is a path": ("district: alpha\nname: A\ntimezone: ../../etc/passwd\n", 3, ("IANA",)),
    "as_of another word": (HEAD + "as_of: today\n", 4, ("delivery, roster", "YYYY-MM-DD")),
    "as_of no such day": (HEAD + "as_of: 2026-02-29\n", 4, ("delivery, roster", "YYYY-MM-DD")),
    "as_of without hyphens": (HEAD + "as_of: 20261001\n", 4, ("YYYY-MM-DD",)),
    "as_of a week": (HEAD + "as_of: 2026-W40-4\n", 4, ("YYYY-MM-DD",)),
    "as_of a list": (HEAD + "as_of: [roster]\n", 4, ("delivery, roster",)),
    "schedule without a zero": (HEAD + "schedule: 2:00\n", 4, ("HH:MM",)),
    "schedule beyond the day": (HEAD + 'schedule: "24:00"\n', 4, ("HH:MM",)),
    "schedule null": (HEAD + "schedule: null\n", 4, ("HH:MM",)),
    "contact without an at": (HEAD + "contacts: [data.grandbend.example]\n", 4, ("not a mail address", "data.grandbend.example")),
    "contact with a line break": (HEAD + 'contacts: ["a@b.example\\nBcc: x@y.example"]\n', 4, ("not a mail address",)),
    "a text of the template": (
        HEAD + "subgroups:\n  student_id_column: <student_id>\n  columns: {}\n", 5, ("fill in", "<student_id>")),
    "a column of the template": (COLUMNS + "    <ell>: {subgroup: a, open: true}\n", 6, ("fill in", "<ell>")),
    "contacts without brackets": (HEAD + "contacts: a@b.example\n", 4, ("list",)),
    "matches another field": (
        HEAD + "subgroups:\n  matches: users.email\n  columns: {}\n", 5, ("users.sourcedId", "metadata.<name>")),
    "matches userIds without a type": (HEAD + "subgroups:\n  matches: 'userIds:'\n  columns: {}\n", 5, ("userIds:<type>",)),
    "another source": (HEAD + "roster: {source: ftp}\n", 4, ("`ftp`", "allowed", "'sftp'")),
    "another publish_when": (HEAD + "publish_when: strict\n", 4, ("`strict`", "'tolerant' or 'clean'")),
    "another first_delivery": (HEAD + "guards: {first_delivery: maybe}\n", 4, ("'accept' or 'review'",)),
    "another sensitivity": (COLUMNS + "    a: {subgroup: a, open: true, sensitivity: high}\n", 6, ("'standard' or 'nsla'",)),
    "share above one": (HEAD + "guards: {match_rate: 95}\n", 4, ("less than or equal to 1",)),
    "share that is no number": (HEAD + "guards: {match_rate: nan}\n", 4, ("guards.match_rate",)),
    "minimum count of zero": (HEAD + "privacy: {minimum_count: 0}\n", 4, ("greater than or equal to 1",)),
    "unknown key under reports": (HEAD + "reports: {band: {below: 0}}\n", 4, ("`band`", "bands, pairs, nsla_student_level")),
    "bands out of order": (HEAD + "reports:\n  bands: {met: 75, near: 60}\n", 5, ("near does not begin above met",)),
    "bands that begin at one percent": (HEAD + "reports: {bands: {a: 60, b: 60}}\n", 4, ("b does not begin above a",)),
    "band that is no word": (HEAD + "reports: {bands: {Met it: 0}}\n", 4, ("near_standard", "Met it")),
    "band beyond a hundred": (HEAD + "reports:\n  bands:\n    met: 0\n    above: 101\n", 7, ("less than or equal to 100",)),
    "band that is no number": (HEAD + "reports: {bands: {met: nan}}\n", 4, ("reports.bands.met",)),
    "pair of an open subgroup": (
        COLUMNS + "    a: {subgroup: a, open: true}\n    b: {subgroup: b, values: {y: yes}}\n"
        "reports:\n  pairs:\n    - [b, a]\n", 10, ("a is no subgroup with known values", "allowed: b")),
    "pair with all_students": (
        COLUMNS + "    b: {subgroup: b, values: {y: yes}}\nreports: {pairs: [[b, all_students]]}\n", 7,
        ("all_students", "allowed: b")),
    "pair without subgroups": (HEAD + "reports: {pairs: [[a, b]]}\n", 4, ("no such subgroup",)),
    "pair of one": (HEAD + "reports:\n  pairs: [[a]]\n", 5, ("[[english_learner, homeless]",)),
    "pair beside itself": (HEAD + "reports: {pairs: [[a, a]]}\n", 4, ("a stands beside itself",)),
    "pair given both ways": (HEAD + "reports: {pairs: [[a, b], [b, a]]}\n", 4, ("given twice",)),
    "nsla_student_level another word": (HEAD + "reports: {nsla_student_level: maybe}\n", 4, ("boolean",)),
    "open is neither true nor false": (COLUMNS + "    a: {subgroup: a, open: perhaps}\n", 6, ("boolean",)),
    "section without its keys": (HEAD + "subgroups: no\n", 4, ("settings of its own", "student_id_column")),
    "section left empty": (HEAD + "guards:\n", 4, ("settings of its own", "match_rate")),
    "port out of range": (SERVER + "  private_key: k\n  port: 70000\n", 9, ("less than or equal to 65535",)),
    "private key elsewhere": (SERVER + "  private_key: /etc/ssh/key\n", 8, ("$SUBGROUPS_HOME/keys",)),
    "private key above": (SERVER + "  private_key: ..\n", 8, ("$SUBGROUPS_HOME/keys",)),
    "nothing at all": ("", 1, ("`district:`",)),
    "only a comment": ("# nothing\n", 1, ("`district:`",)),
    "a list": ("- district: alpha\n", 1, ("mapping",)),
    "a word": ("alpha\n", 1, ("mapping",)),
    "not YAML": (HEAD + "contacts: [a@b.example\n", 5, ("not YAML",)),
    "a tab": (HEAD + "guards:\n\tmatch_rate: 0.9\n", 5, ("not YAML",)),
    "two documents": (HEAD + "---\ndistrict: beta\n", 4, ("another document",)),
    "an alias without its anchor": (HEAD + "guards: *mine\n", 4, ("undefined alias",)),
    "a NUL": ("district: al\0pha\n", 1, ("not YAML",)),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_names_the_line_and_what_is_allowed(case: str) -> None:
    text, line, words = REFUSED[case]
    with pytest.raises(SettingsError) as refusal:
        parse_district(text, "alpha.yaml")
    message = str(refusal.value)
    assert f"alpha.yaml:{line}: " in message
    assert all(word in message for word in words), message
    assert all(part.startswith("alpha.yaml:") for part in message.splitlines()), message


@pytest.mark.parametrize("key", ["A", "a", "Alpha", "al-pha", "_alpha", "al.pha", "a" * 42, "äb", "", *sorted(RESERVED_KEYS)])
def test_a_bad_district_key_is_refused_with_the_rule(key: str) -> None:
    with pytest.raises(SettingsError, match=r"2 to 41 of a-z, 0-9 and _.*information_schema"):
        parse_district(f"district: '{key}'\nname: A\ntimezone: UTC\n")


def test_a_key_with_a_line_break_at_its_end_is_refused() -> None:
    """Python's `$` also matches before a last line break, so `re.match` took the block scalar `alpha` + newline as a key."""
    with pytest.raises(SettingsError, match="district key"):
        parse_district("name: A\ntimezone: UTC\ndistrict: |\n  alpha\n")


def test_a_subgroup_with_a_line_break_at_its_end_is_refused() -> None:
    with pytest.raises(SettingsError, match="lower case"):
        parse_district(COLUMNS + '    a: {open: true, subgroup: "ell\\n"}\n')


def test_a_fault_in_a_column_called_date_is_named_at_its_own_line() -> None:
    """The step `date` was taken out of every place, as the union of `as_of` adds one; a column may have that name."""
    with pytest.raises(SettingsError, match=r":7: `subgroups\.columns\.date\.sensitivity` is `x`"):
        parse_district(COLUMNS + "    date:\n      sensitivity: x\n      subgroup: d\n      open: true\n")


def test_yaml_that_contains_itself_is_refused() -> None:
    """It ended in a RecursionError."""
    with pytest.raises(SettingsError, match=r"alpha\.yaml:4: write this out"):
        parse_district(HEAD + "contacts: &all\n  - *all\n", "alpha.yaml")


def test_a_reference_to_another_part_is_refused_where_it_stands() -> None:
    with pytest.raises(SettingsError, match=r"alpha\.yaml:7: write this out"):
        parse_district(COLUMNS + "    a: &a {subgroup: a, open: true}\n    b: *a\n", "alpha.yaml")


def test_references_in_references_do_not_grow_without_end() -> None:
    bomb = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 12))
    with pytest.raises(SettingsError, match="write this out"):
        parse_district(HEAD + "l0: &l0 [x]\n" + bomb)


def test_a_key_that_is_a_list_is_refused() -> None:
    """It ended in a TypeError: a list cannot be a key of a mapping."""
    with pytest.raises(SettingsError, match=r":4: a key is one word"):
        parse_district(HEAD + "? [a, b]\n: c\n")


def test_all_faults_of_a_file_are_said_at_once() -> None:
    with pytest.raises(SettingsError) as refusal:
        parse_district("district: Alpha\ntimezone: Texas\nas_of: now\n", "alpha.yaml")
    assert [line.split(": ")[0] for line in sorted(str(refusal.value).splitlines())] == [
        "alpha.yaml:1",
        "alpha.yaml:1",
        "alpha.yaml:2",
        "alpha.yaml:3",
    ]


def test_a_file_that_is_not_utf8_is_refused_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "alpha.yaml"
    file.write_bytes(HEAD.encode("utf-16"))
    with pytest.raises(SettingsError, match=r"alpha\.yaml: cannot be read.*UTF-8"):
        read_district_file(file)


def test_a_file_that_is_not_there_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml: cannot be read"):
        read_district_file(tmp_path / "none.yaml")


@given(st.text())
def test_any_text_is_taken_or_refused_in_words(text: str) -> None:
    try:
        parse_district(text)
    except SettingsError:
        return


def test_a_season_that_ends_before_it_begins_is_refused_with_its_line() -> None:
    with pytest.raises(SettingsError, match=r"district.yaml:5.*`to` is before `from`"):
        parse_district(HEAD + "guards:\n  seasons: [{from: 2027-08-01, to: 2027-07-01}]\n")
