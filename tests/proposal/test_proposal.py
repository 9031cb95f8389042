"""What is proposed from a file: shape, ID and its field, columns; and that whatever is unsure is asked, never guessed."""

from __future__ import annotations

import pytest

from subgroup_pipeline.desk.proposal.proposal import Proposal
from subgroup_pipeline.errors import ProposalError
from tests.proposal.conftest import Propose, as_applied
from tests.support import small_district as small
from tests.support.installation import SAMPLES, zip_of


def taken(made: Proposal) -> dict[str, str]:
    """Columns by name with the subgroup they are read as."""
    subgroups = as_applied(made).subgroups
    assert subgroups
    return {name: column.subgroup for name, column in subgroups.columns.items()}


def asked(made: Proposal) -> set[str]:
    return {question.about for question in made.questions}


def rows(count: int, line: str) -> str:
    """Rows like this one; `{n}` is the student's number, `{yn}` is Y or N."""
    return "\n".join(line.format(n=n, yn="YN"[n % 2]) for n in range(count)) + "\n"


def test_a_plain_file_with_its_roster_leaves_no_question(proposed: Propose) -> None:
    made = proposed("student_id,ell,home_lang\n" + rows(10, "s{n:03},{yn},Spanish"), small.roster())
    assert made.questions == []
    assert (made.student_id.column, made.student_id.matches) == ("student_id", "users.sourcedId")
    assert taken(made) == {"ell": "english_learner", "home_lang": "home_language"}
    assert "100.00%  10 of 10  student_id = users.sourcedId" in made.yaml
    assert "Nothing is in question." in made.yaml
    assert "# contacts: [<address>]" in made.yaml


@pytest.mark.parametrize(
    ("text", "delimiter", "line"),
    [
        ("student_id;ell\n" + rows(6, "s{n:03};{yn}"), ";", 1),
        ("sep=\t\nStudent Number\tELL Status\n" + rows(6, "s{n:03}\t{yn}"), "\t", 2),
        ("Students of Pine\nas of 1 October\n\nStudent_ID|Is ELL|bus\n" + rows(6, "s{n:03}|{yn}|7"), "|", 4),
        ("\ufeffperm id,ell (y/n)\r\n" + rows(6, "s{n:03},{yn}").replace("\n", "\r\n"), ",", 1),
    ],
)
def test_delimiter_and_header_are_found(proposed: Propose, text: str, delimiter: str, line: int) -> None:
    made = proposed(text, small.roster())
    assert (made.shape.delimiter, made.shape.header_line, made.rows) == (delimiter, line, 6)
    assert list(taken(made).values()) == ["english_learner"]
    assert made.student_id.matches == "users.sourcedId"


@pytest.mark.parametrize(
    ("key", "field"),
    [("s{n:03}", "users.sourcedId"), ("{n:05}", "users.identifier"), ("user{n}", "users.username"), ("L{n}", "userIds:Local")],
)
def test_the_field_is_found_by_trying_all(proposed: Propose, key: str, field: str) -> None:
    roster = small.roster()
    users = roster["users.csv"]
    for n in range(10):
        users = users.replace(f",user{n},,", f",user{n},{{Local:L{n}}},")
    made = proposed("the key,ell\n" + rows(10, f"{key},{{yn}}"), roster | {"users.csv": users})
    assert (made.student_id.column, made.student_id.matches) == ("the key", field)
    assert {one.field for one in made.student_id.rates if one.column == "the key"} >= {"users.sourcedId", "userIds:Local"}
    assert "the key" not in taken(made)


def test_a_field_that_fits_too_few_is_a_question_with_what_would_help(proposed: Propose) -> None:
    made = proposed("student_id,ell\n" + rows(10, "{n},{yn}"), small.roster())
    assert made.student_id.matches == ""
    (question,) = made.questions
    assert "10 of 10 IDs of `student_id` would match `users.identifier` if leading zeros" in question.question
    assert "# matches: users.sourcedId" in made.yaml


def test_two_fields_that_name_other_students_are_a_question(proposed: Propose) -> None:
    roster = small.roster()
    users = roster["users.csv"]
    for n in range(10):  # everybody's username is somebody else's sourcedId
        users = users.replace(f",user{n},,", f",s{9 - n:03},,")
    made = proposed("student_id,ell\n" + rows(10, "s{n:03},{yn}"), roster | {"users.csv": users})
    assert (made.student_id.matches, asked(made)) == ("", {"student_id"})
    assert "names other students" in made.questions[0].question


def test_without_a_roster_the_field_is_a_question(proposed: Propose) -> None:
    made = proposed("student_id,ell\n" + rows(4, "s{n:03},{yn}"))
    assert (made.student_id.column, made.student_id.matches, asked(made)) == ("student_id", "", {"student_id"})
    made = proposed("student_id,state_id,ell\n" + rows(4, "s{n:03},9{n},{yn}"))
    assert made.student_id.column == ""
    assert len([q for q in made.questions if q.about == "student_id"]) == 2


def test_a_roster_that_cannot_be_read_is_said_and_the_columns_stand(proposed: Propose) -> None:
    made = proposed("student_id,ell\n" + rows(4, "s{n:03},{yn}"), {"orgs.csv": "sourcedId\n"})
    assert "The roster could not be read" in made.questions[0].question
    assert taken(made) == {"ell": "english_learner"}


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("status", ["Y", "N"]),
        ("program", ["A", "B"]),
        ("el_status", ["1", "2", "3"]),
        ("former_english_learner", ["Y", "N"]),
        ("bus_route", ["1", "0"]),
        ("frl", ["T", "F"]),
        ("ell", ["", ""]),
        ("gifted", ["1", "0", "8"]),
    ],
)
def test_an_unsure_column_is_asked_about_and_left_out(proposed: Propose, header: str, cells: list[str]) -> None:
    text = "".join(f"s{n:03},{cells[n % len(cells)]},Y\n" for n in range(12))
    made = proposed(f"student_id,{header},gifted_flag\n{text}".replace("gifted_flag", "migrant"), small.roster(12))
    assert taken(made) == {"migrant": "migrant"}
    assert asked(made) == {header}
    assert f"    # {header}: {{subgroup: " in made.yaml
    assert "# QUESTION: " in made.yaml


def test_an_unknown_code_is_not_mapped_and_the_others_are(proposed: Propose) -> None:
    text = "student_id,ell\n" + "".join(f"s{n:03},{'YNP'[n % 3]}\n" for n in range(9))
    made = proposed(text, small.roster(9))
    subgroups = as_applied(made).subgroups
    assert subgroups
    assert subgroups.known_values("ell") == {"Y": "yes", "N": "no"}
    (question,) = made.questions
    assert "What does `P` in `ell` mean?" in question.question


def test_two_columns_of_one_subgroup_or_of_one_name_are_asked_about(proposed: Propose) -> None:
    made = proposed("student_id,ell,LEP,sped,SPED,gt\n" + rows(6, "s{n:03},{yn},{yn},{yn},{yn},{yn}"), small.roster(6))
    assert taken(made) == {"gt": "gifted"}
    assert asked(made) == {"ell", "LEP", "sped", "SPED"}


def test_a_file_with_a_row_per_flag_is_said(proposed: Propose) -> None:
    text = "student_id,flag\n" + "".join(f"s{n // 2:03},{['iep', 'lep'][n % 2]}\n" for n in range(12))
    assert "one row per flag" in " ".join(q.question for q in proposed(text, small.roster(6)).questions)


def test_what_may_be_a_persons_own_is_never_shown(proposed: Propose) -> None:
    people = [f"Quentin{n} Zedekiah" for n in range(9)]
    text = "student_id,name,nickname,ell,counselor note\n" + "".join(
        f"s{n:03},{one},Q{n}xyz,{'YNQ'[n % 3] if n else 'Quentin0'},{'see Zedekiah' if n == 3 else ''}\n"
        for n, one in enumerate(people)
    )
    made = proposed(text, small.roster(9))
    said = made.yaml + str(made.as_json())
    for secret in ("Zedekiah", "xyz", "s003", "Family3", "00003", "user3"):
        assert secret not in said, secret


def test_a_file_without_a_header_shows_nothing_of_its_first_row(proposed: Propose) -> None:
    made = proposed(rows(6, "8a-{n},Quentin,{yn}"))
    assert (taken(made), "columns" in asked(made)) == ({}, True)
    assert "Quentin" not in made.yaml
    assert "8a-0" not in made.yaml + str(made.as_json())


def test_names_and_cells_of_any_kind_make_valid_yaml(proposed: Propose) -> None:
    names = [
        "student_id",
        'ell "new": {x}',
        "# sped",
        "migrant: yes",
        "- homeless",
        "título i",
        "foster {{}}",
        "null",
        "*",
        "é'",
    ]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    made = proposed(header + "\n" + rows(6, "s{n:03}," + ",".join(["{yn}"] * (len(names) - 1))), small.roster(6))
    assert {"# sped": "students_with_disabilities", "- homeless": "homeless"}.items() <= taken(made).items()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"%PDF-1.7 ...", "PDF"), (b"", "empty"), (b"student_id,ell\n", "no row"), (zip_of({"a.csv": "x"}), "zip")],
    ids=["pdf", "empty", "header_only", "zip"],  # a zip holds the time, and the workers of a run must name a test alike
)
def test_what_is_no_file_of_rows_is_refused_in_words(proposed: Propose, content: bytes, words: str) -> None:
    with pytest.raises(ProposalError, match=words):
        proposed(content)


@pytest.mark.real_data
def test_real_rosters_demographics_read_as_a_subgroup_file(proposed: Propose) -> None:
    folder = SAMPLES / "edfi_oneroster_1p1"
    roster = {name: (folder / name).read_text() for name in ("users.csv", "orgs.csv")}
    made = proposed((folder / "demographics.csv").read_bytes(), roster)
    assert (made.student_id.column, made.student_id.matches) == ("sourcedId", "users.sourcedId")
    assert {
        "sex": "gender",
        "hispanicOrLatinoEthnicity": "hispanic_or_latino",
        "asian": "asian",
        "white": "white",
        "demographicRaceTwoOrMoreRaces": "two_or_more_races",
    }.items() <= taken(made).items()


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["person", "persondemographic", "personidentifier"])
def test_real_tables_without_a_header_are_asked_about(proposed: Propose, name: str) -> None:
    content = (SAMPLES / "oea_k12" / f"{name}.csv").read_bytes()
    made = proposed(content)
    assert taken(made) == {}
    first = content.split(b"\n", 1)[0].decode().split(",")
    assert not [cell for cell in first if len(cell) > 8 and cell in made.yaml]


@pytest.mark.real_data
def test_a_real_file_with_a_row_per_flag_is_asked_about(proposed: Propose) -> None:
    made = proposed((SAMPLES / "sds_v2p1" / "userFlags.csv").read_bytes())
    assert (taken(made), made.student_id.column, asked(made)) == ({}, "userSourcedId", {"student_id", "flag"})
