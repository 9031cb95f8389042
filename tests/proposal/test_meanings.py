"""The catalogue and the systems of codes: what each explains, and that nothing gets a meaning that another list contradicts."""

from __future__ import annotations

import pytest

from subgroup_pipeline.desk.proposal.catalogue import catalogue
from subgroup_pipeline.desk.proposal.meanings import Meanings, meanings_of
from subgroup_pipeline.districts.membership import means_membership
from subgroup_pipeline.districts.subgroup_settings import SUBGROUP_KEY
from subgroup_pipeline.districts.subgroup_sources import RACE_ETHNICITY, VOCABULARY


def read(subgroup: str, *cells: str, blanks: bool = False) -> Meanings:
    return meanings_of(cells, blanks, catalogue().subgroups[subgroup])


def values(found: Meanings) -> dict[str, str]:
    return {cell: meaning.value for cell, meaning in found.values.items()}


@pytest.mark.parametrize(
    ("header", "subgroup"),
    [
        ("ell", "english_learner"),
        ("EL_Status", "english_learner"),
        ("LEP Indicator", "english_learner"),
        ("Is English Learner", "english_learner"),
        ("metadata.HMH_SAM_AYP_LTD_ENGLISH_PROFICIENCY", "english_learner"),
        ("SpEd", "students_with_disabilities"),
        ("IEP (Y/N)", "students_with_disabilities"),
        ("Disability Code", "primary_disability"),
        ("FRL-Status", "economically_disadvantaged"),
        ("Economically_Disadvantaged_YN", "economically_disadvantaged"),
        ("504", "section_504"),
        ("Section 504 Plan", "section_504"),
        ("Title I", "title_i"),
        ("title_1_flag", "title_i"),
        ("Migrant", "migrant"),
        ("Immigrant", "immigrant"),
        ("student_homeless_ind", "homeless"),
        ("FosterCare", "foster"),
        ("Military Connected", "military_connected"),
        ("gifted/talented", "gifted"),
        ("LIEP_Type", "language_program"),
        ("Title III Language Instruction Program Type", "language_program"),
        ("EL Program Code", "language_program"),
        ("CTE", "career_technical_education"),
        ("Career & Technical Education", "career_technical_education"),
        ("is_cte_student", "career_technical_education"),
        ("Voc. Ed. Flag", "career_technical_education"),
        ("Race/Ethnicity", "race_ethnicity"),
        ("HispanicOrLatinoEthnicity", "hispanic_or_latino"),
        ("Home_Lang", "home_language"),
        ("sex", "gender"),
    ],
)
def test_usual_names_are_known_however_they_are_written(header: str, subgroup: str) -> None:
    naming = catalogue().naming(header)
    assert (naming.way, naming.subgroup and naming.subgroup.name) == ("usual", subgroup)


@pytest.mark.parametrize(
    "header",
    ["status", "Program", "program_code", "Student Status", "flag", "language", "Type", "plan", "ED", "EC"],
)
def test_names_of_several_things_are_never_taken(header: str) -> None:
    assert catalogue().naming(header).way == "ambiguous"


def test_a_slip_of_the_pen_is_taken_and_what_is_less_like_is_asked() -> None:
    assert catalogue().naming("english_lerner").way == "close"
    assert catalogue().naming("Economicaly Disadvantaged").way == "close"
    for header in (
        "former_english_learner",
        "non_english_learner",
        "homless",
        "emigrant",
        "title_iii",
        "Not Homeless",
        "english_learner_2",
    ):
        assert catalogue().naming(header).way in ("like", "unknown"), header
    for header in ("title3", "ell_exit_date", "bus_route", "x", "él"):
        assert catalogue().naming(header).way == "unknown", header


def test_ids_and_what_is_no_subgroup_are_known() -> None:
    for header in ("student_id", "Student Number", "SSID", "LASID", "userSourcedId", "id"):
        assert catalogue().naming(header).way == "student_id"
    for header in ("First Name", "last_name", "DOB", "grade", "School Name", "E-mail"):
        assert catalogue().naming(header).way == "other"


@pytest.mark.parametrize(
    ("subgroup", "cells", "expected"),
    [
        ("gifted", ["Y", "N"], {"Y": "yes", "N": "no"}),
        ("gifted", ["1", "0"], {"1": "yes", "0": "no"}),
        ("gifted", ["1.0", "0.0"], {"1.0": "yes", "0.0": "no"}),
        ("gifted", ["T", "F"], {"T": "yes", "F": "no"}),
        ("gifted", ["Yes", "No", "yes "[:3]], {"Yes": "yes", "No": "no", "yes": "yes"}),
        ("gifted", ["TRUE", "FALSE"], {"TRUE": "yes", "FALSE": "no"}),
        ("gifted", ["X"], {"X": "yes"}),
        ("english_learner", ["LEP", "FEP", "RFEP"], {"LEP": "yes", "FEP": "fluent", "RFEP": "reclassified"}),
        (
            "english_learner",
            ["EL", "EO", "IFEP", "RFEP", "TBD"],
            {"EL": "yes", "EO": "english_only", "IFEP": "initially_fluent", "RFEP": "reclassified", "TBD": "to_be_determined"},
        ),
        ("english_learner", ["LEP", "NLEP"], {"LEP": "yes", "NLEP": "no"}),
        ("english_learner", ["Limited", "Not Limited"], {"Limited": "yes", "Not Limited": "no"}),
        (
            "english_learner",
            ["0", "1", "F", "S", "5"],
            {"0": "no", "1": "yes", "F": "monitored_1", "S": "monitored_2", "5": "former"},
        ),
        ("economically_disadvantaged", ["F", "R", "P"], {"F": "free", "R": "reduced", "P": "paid"}),
        ("economically_disadvantaged", ["Free", "Reduced", "P"], {"Free": "free", "Reduced": "reduced", "P": "paid"}),
        (
            "economically_disadvantaged",
            ["00", "01", "02", "99"],
            {"00": "no", "01": "free", "02": "reduced", "99": "other_disadvantage"},
        ),
        ("economically_disadvantaged", ["Y", "N"], {"Y": "yes", "N": "no"}),
        ("primary_disability", ["AUT", "SLD", "None"], {"AUT": "autism", "SLD": "specific_learning_disability", "None": "none"}),
        ("race_ethnicity", ["HI7", "WH7"], {"HI7": "hispanic_or_latino", "WH7": "white"}),
        (
            "race_ethnicity",
            ["White", "Black/African American"],
            {"White": "white", "Black/African American": "black_or_african_american"},
        ),
        ("race_ethnicity", ["W", "A", "P"], {"W": "white", "A": "asian", "P": "native_hawaiian_or_other_pacific_islander"}),
        ("gender", ["M", "F", "X"], {"M": "male", "F": "female", "X": "nonbinary"}),
        ("homeless_residence", ["D", "STH"], {"D": "doubled_up", "STH": "sheltered"}),
        (
            "language_program",
            ["DualLanguage", "Transitional Bilingual", "ESL", "None"],
            {"DualLanguage": "dual_language", "Transitional Bilingual": "transitional_bilingual", "ESL": "esl", "None": "none"},
        ),
        ("language_program", ["Y", "N"], {"Y": "yes", "N": "no"}),
        (
            "career_technical_education",
            ["Participant", "Concentrator", "Not CTE"],
            {"Participant": "participant", "Concentrator": "concentrator", "Not CTE": "not_in_cte"},
        ),
        ("career_technical_education", ["1", "0"], {"1": "yes", "0": "no"}),
    ],
)
def test_each_system_of_codes(subgroup: str, cells: list[str], expected: dict[str, str]) -> None:
    found = read(subgroup, *cells)
    assert ({cell: values(found)[cell] for cell in cells}, found.unknown, found.unsure) == (expected, (), {})


def test_who_is_in_no_program_is_no_member() -> None:
    members = {"dual_language": True, "esl": True, "none": False, "participant": True, "completer": True, "not_in_cte": False}
    assert {value: means_membership(value, "not_reported") for value in members} == members


def test_a_column_of_concentrators_alone_is_asked_about() -> None:
    assert catalogue().naming("CTE Concentrator").way != "usual"


def test_the_other_one_of_yes_and_no_is_known_and_other_codes_are_only_what_was_met() -> None:
    assert values(read("gifted", "N")) == {"N": "no", "Y": "yes"}
    assert values(read("gifted", "Yes")) == {"Yes": "yes", "No": "no"}
    assert set(values(read("primary_disability", "AUT", "SLD"))) == {"AUT", "SLD"}


@pytest.mark.parametrize(
    ("subgroup", "cells"),
    [
        ("english_learner", ["1", "2", "3"]),
        ("english_learner", ["A", "B"]),
        ("english_learner", ["EL", "X7", "Q2", "Z9"]),
        ("english_learner", ["F"]),  # Texas's first year of monitoring, or false
        ("economically_disadvantaged", ["F"]),  # free, or false
        ("economically_disadvantaged", ["T", "F"]),  # temporary and free, or true and false
        ("economically_disadvantaged", ["N"]),  # not eligible, or no to whatever was asked
        ("economically_disadvantaged", ["1", "2", "3"]),
        ("students_with_disabilities", ["Active", "Exited"]),
        ("gifted", ["1", "0", "9"]),
        ("gifted", ["X", "Y", "Z"]),
        ("language_program", ["A", "B", "D"]),
        ("career_technical_education", ["4", "5", "7"]),
        ("gifted", ["T", "F", "U"]),
        ("race_ethnicity", ["1", "2", "3", "4"]),
        ("race_ethnicity", ["Y", "N"]),
        ("primary_disability", ["Y", "N"]),
    ],
)
def test_what_no_list_explains_alone_gets_no_meaning(subgroup: str, cells: list[str]) -> None:
    assert not read(subgroup, *cells).values


def test_an_unknown_cell_beside_known_ones_is_not_mapped() -> None:
    found = read("gifted", "Y", "N", "P")
    assert (values(found), found.unknown) == ({"Y": "yes", "N": "no"}, ("P",))
    found = read("economically_disadvantaged", "F", "R", "P", "T")  # reduced in New Mexico, not approved in Indiana
    assert (set(values(found)), set(found.unsure)) == ({"F", "R", "P"}, {"T"})
    assert not read("economically_disadvantaged", "Y", "N", "P").values  # N and P are codes of lunch, Y is none


def test_a_letter_that_one_state_uses_for_two_races_is_asked_about() -> None:
    found = read("race_ethnicity", "A", "B", "W")
    assert (set(values(found)), found.unsure) == ({"B", "W"}, {"A": ("asian",)})


def test_blank_means_no_only_beside_a_mark() -> None:
    assert (read("gifted", "x", blanks=True).blank, read("gifted", "x", blanks=True).is_one_sided) == ("no", False)
    one_sided = read("gifted", "Y", blanks=True)
    assert (one_sided.blank, one_sided.is_one_sided) == ("not_reported", True)
    assert not read("gifted", "Y", "N", blanks=True).is_one_sided
    assert not read("gifted", "Y").is_one_sided


def test_words_for_blank_are_blank_words_except_beside_a_mark() -> None:
    found = read("gifted", "Y", "N", "NULL", "N/A")
    assert (set(values(found)), found.blank_words) == ({"Y", "N"}, ("NULL", "N/A"))
    found = read("gifted", "X", "-")
    assert (found.blank_words, found.unknown) == ((), ("-",))
    assert not read("gifted", "NULL").values


def test_every_entry_of_the_catalogue_can_stand_in_settings() -> None:
    known = catalogue()
    for subgroup in known.subgroups.values():
        assert SUBGROUP_KEY.fullmatch(subgroup.name)
        assert subgroup.is_open or subgroup.systems
        for system in subgroup.systems:
            for code, meaning in system.codes.items():
                assert code == code.lower()
                if meaning is not None and meaning.member is None and subgroup.name == "english_learner":
                    assert means_membership(meaning.value, "not_reported") == (meaning.value == "yes"), meaning
    races = {m.value for s in known.subgroups[RACE_ETHNICITY].systems for m in s.codes.values() if m}
    assert races == set(VOCABULARY[RACE_ETHNICITY])
    assert not known.ambiguous & set(known.names) | set(known.student_id) & set(known.names) | known.other & set(known.names)
