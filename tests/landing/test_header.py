"""Headers are mapped by name, never by position, and what does not fit is said with the nearest name."""

from __future__ import annotations

import pytest

from subgroup_pipeline.districts.district_file import Subgroups
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.landing.header import ColumnMap, map_roster_header, map_subgroup_header
from subgroup_pipeline.warehouse.oneroster import NEVER_LANDED, RosterTable, roster_tables

USERS = roster_tables()["users"]
ORGS = roster_tables()["orgs"]
SUBGROUPS = Subgroups.model_validate(
    {
        "student_id_column": "Student ID",
        "columns": {
            "ell": {"subgroup": "english_learner", "values": {"y": "yes"}, "aliases": ["English-Learner", "LEP"]},
            "Home Lang": {"subgroup": "home_language", "open": "true"},
            "frl": {"subgroup": "economic", "open": "true", "optional": "true"},
        },
    }
)


def _codes(findings: list[Finding]) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.column) for finding in findings]


def _subgroups(*header: str) -> tuple[ColumnMap | None, list[Finding]]:
    return map_subgroup_header(list(header), SUBGROUPS, "s.csv")


@pytest.mark.parametrize(
    "header", [("Student ID", "ell", "Home Lang"), ("student-id", " ELL ", "home_lang"), ("STUDENT_ID", "Ell", "HOME-LANG")]
)
def test_case_spaces_and_hyphens_do_not_count(header: tuple[str, ...]) -> None:
    mapping, findings = _subgroups(*header)
    assert mapping == ColumnMap(3, (("student_id", 0),), (("ell", 1), ("home_lang", 2)))
    assert _codes(findings) == [("HDR004", "frl")]


def test_columns_are_found_wherever_they_stand() -> None:
    mapping, _ = _subgroups("frl", "Home Lang", "extra", "ell", "Student ID")
    assert mapping == ColumnMap(5, (("student_id", 4),), (("ell", 3), ("home_lang", 1), ("frl", 0)))


@pytest.mark.parametrize("alias", ["English-Learner", "english learner", "lep"])
def test_an_alias_stands_for_its_column(alias: str) -> None:
    mapping, _ = _subgroups("Student ID", alias, "Home Lang")
    assert mapping is not None
    assert mapping.keyed[0] == ("ell", 1)


def test_a_column_goes_before_its_alias_which_is_then_new() -> None:
    mapping, findings = _subgroups("Student ID", "LEP", "ell", "Home Lang", "frl")
    assert mapping is not None
    assert mapping.keyed[0] == ("ell", 2)
    assert _codes(findings) == [("HDR003", "LEP")]


def test_a_missing_column_rejects_and_names_the_nearest_header() -> None:
    mapping, findings = _subgroups("Student ID", "ell", "Home Language", "frl")
    assert mapping is None
    assert _codes(findings) == [("HDR001", "Home Lang")]
    assert "Missing: Home Lang. The nearest header is `Home Language`." in findings[0].message


def test_a_missing_student_id_rejects_and_names_the_nearest_header() -> None:
    mapping, findings = _subgroups("StudentID", "ell", "Home Lang", "frl")
    assert mapping is None
    assert "`StudentID`" in findings[0].message


def test_everything_that_is_missing_is_said_at_once() -> None:
    _, (finding,) = _subgroups("frl")
    assert (finding.code, finding.column, finding.count) == ("HDR001", "Student ID, ell, Home Lang", 3)
    assert "(3 of 4 columns: Student ID, ell, Home Lang.)" in finding.message


def test_of_many_columns_the_first_ten_are_named() -> None:
    new = [f"extra_{number}" for number in range(400)]
    _, (finding,) = _subgroups("Student ID", "ell", "Home Lang", "frl", *new)
    assert (finding.code, finding.count) == ("HDR003", 400)
    assert finding.message.endswith("(400 columns: " + ", ".join(new[:10]) + " and 390 more.)")
    assert len(finding.column or "") <= 255


def test_two_columns_of_one_name_that_nobody_reads_are_a_warning() -> None:
    mapping, findings = _subgroups("Student ID", "ell", "Home Lang", "frl", "Memo", "memo")
    assert mapping is not None
    assert _codes(findings) == [("HDR011", "Memo"), ("HDR003", "Memo, memo")]
    header = [*USERS.columns, "password", "metadata.a b", "metadata.A-B", "metadata.c"]
    mapping, findings = map_roster_header(header, USERS)
    assert mapping is not None
    assert [key for key, _ in mapping.keyed] == ["c"]
    assert _codes(findings) == [("HDR011", "password, metadata.a b")]


@pytest.mark.parametrize("text", ["0471", "2026-10-01", "Ada", "o'brien", "a@b.org", "Y", "true", "Lunch, free", "x" * 41])
def test_a_text_of_a_header_that_may_be_a_value_is_not_named(text: str) -> None:
    _, findings = _subgroups("Student ID", "ell", "Home Lang", "frl", text)
    assert _codes(findings) == [("HDR003", "Ada" if text == "Ada" else "column 5")]
    _, findings = _subgroups("frl", "s1", text)
    assert text not in repr(findings)


def test_a_name_that_is_another_column_is_no_suggestion() -> None:
    _, (finding,) = map_roster_header([c for c in ORGS.columns if c != "sourcedId"], ORGS)
    assert finding.about == "Missing: sourcedId."


def test_two_names_of_one_form_reject() -> None:
    mapping, findings = _subgroups("Student ID", "ell", "Home Lang", "frl", "ELL")
    assert mapping is None
    assert _codes(findings) == [("HDR002", "ell")]


def test_a_new_column_is_named_and_not_landed() -> None:
    mapping, findings = _subgroups("Student ID", "ell", "Home Lang", "frl", " Homeless ")
    assert mapping is not None
    assert [key for key, _ in mapping.keyed] == ["ell", "home_lang", "frl"]
    assert _codes(findings) == [("HDR003", "Homeless")]


def test_columns_without_a_name_are_neither_new_nor_the_same() -> None:
    mapping, findings = _subgroups("Student ID", "ell", "Home Lang", "frl", "", " ", "")
    assert mapping is not None
    assert [(finding.code, finding.count) for finding in findings] == [("HDR007", 3)]


def test_a_subgroup_file_without_a_header_gives_nothing_of_its_first_student_away() -> None:
    _, findings = _subgroups("s0471", "Okonkwo", "Spanish", "nsla")
    assert all(word not in finding.message for finding in findings for word in ("s0471", "okonkwo", "spanish", "nsla"))
    assert [finding.column for finding in findings] == ["Student ID, ell, Home Lang"]


def test_a_roster_without_a_header_gives_nothing_of_its_first_student_away() -> None:
    """The cells of the first row were named as unknown columns: a student's name stood in the findings."""
    row = ["u1", "active", "2026-01-01", "true", "school1", "student", "aokonkwo", "", "Ada", "Okonkwo", "", "0471"]
    _, findings = map_roster_header(row, USERS)
    assert {finding.code for finding in findings} == {"HDR001"}
    assert all(word not in repr(finding) for finding in findings for word in ("Okonkwo", "okonkwo", "Ada", "0471"))


def test_a_full_roster_header_maps_every_column_but_those_that_are_never_landed() -> None:
    mapping, findings = map_roster_header(list(USERS.columns), USERS)
    assert findings == []
    assert mapping is not None
    assert [column for column, _ in mapping.columns] == [c for c in USERS.columns if c not in NEVER_LANDED]
    assert all(USERS.columns[position] == column for column, position in mapping.columns)


SECRETS = [(table, column) for table in roster_tables().values() for column in table.columns if column in NEVER_LANDED]


@pytest.mark.parametrize(("table", "secret"), SECRETS, ids=[column for _, column in SECRETS])
@pytest.mark.parametrize("form", ["{}", " {} ", "UPPER"])
def test_secrets_are_never_landed_in_any_form(table: RosterTable, secret: str, form: str) -> None:
    header = [form.format(c) if form != "UPPER" else c.upper() for c in table.columns]
    mapping, _ = map_roster_header(header, table)
    assert mapping is not None
    position = table.columns.index(secret)
    assert position not in {at for _, at in (*mapping.columns, *mapping.keyed)}
    assert secret not in table.landed_columns


@pytest.mark.parametrize(("table", "secret"), SECRETS, ids=[column for _, column in SECRETS])
def test_nobody_is_asked_for_a_secret_that_is_left_out(table: RosterTable, secret: str) -> None:
    _, findings = map_roster_header([c for c in table.columns if c != secret], table)
    assert findings == []


@pytest.mark.parametrize("column", sorted(USERS.required))
def test_each_required_column_rejects_where_it_is_missing(column: str) -> None:
    mapping, findings = map_roster_header([c for c in USERS.columns if c != column], USERS)
    assert mapping is None
    assert ("HDR001", column) in _codes(findings)


def test_an_optional_column_that_is_missing_is_a_warning() -> None:
    header = [c for c in ORGS.columns if c not in ORGS.required or c in ORGS.required]
    header.remove("parentSourcedId")
    mapping, findings = map_roster_header(header, ORGS)
    assert mapping is not None
    assert _codes(findings) == [("HDR004", "parentSourcedId")]


def test_metadata_columns_are_kept_by_the_canonical_form_of_their_names() -> None:
    extra = ["metadata.sis.ID", " METADATA.Home Lang ", "metadata.", "metadataX"]
    mapping, findings = map_roster_header([*ORGS.columns, *extra], ORGS)
    assert mapping is not None
    first = len(ORGS.columns)
    assert mapping.keyed == (("sis.id", first), ("home_lang", first + 1), ("", first + 2))
    assert _codes(findings) == [("HDR003", "metadataX")]
