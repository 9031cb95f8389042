"""Root causes come first, and what may follow from them stands under them."""

from __future__ import annotations

from graphlib import TopologicalSorter

import pytest

from subgroup_pipeline.findings.catalogue import catalogue
from subgroup_pipeline.reports.root_causes import COUNTS_GONE, COUNTS_SET_ASIDE, PARENT_CODES, PARENT_FILE
from tests.reports.made_up import finding, problems


def test_enrollments_of_a_class_that_was_set_aside_fold_under_the_class() -> None:
    found = problems(
        finding(1, "REF105", file="enrollments.csv", count=900),
        finding(2, "REF103", file="classes.csv", count=3),
    )
    assert [(p.code, p.number, p.follows_from) for p in found] == [("REF103", 1, None), ("REF105", 2, 1)]


def test_a_chain_of_causes_folds_under_its_first() -> None:
    found = problems(
        finding(1, "REF105", file="enrollments.csv", count=900),
        finding(2, "REF103", file="classes.csv", count=30),
        finding(3, "ROW002", file="orgs.csv", count=1),
    )
    assert [(p.code, p.follows_from) for p in found] == [("ROW002", None), ("REF103", 1), ("REF105", 1)]


@pytest.mark.parametrize(
    ("code", "file"),
    [("VOC201", "classes.csv"), ("KEY002", "classes.csv"), ("REF103", "other.csv"), ("ROW002", "enrollments.csv")],
    ids=["a warning keeps its rows", "a repeated key is there", "another file", "the same file"],
)
def test_what_takes_no_class_away_is_no_cause_of_unknown_classes(code: str, file: str) -> None:
    found = problems(finding(1, "REF105", file="enrollments.csv", count=900), finding(2, code, file=file, count=3))
    assert [p.follows_from for p in found] == [None, None]


def test_ids_that_are_not_in_the_roster_fold_under_too_few_of_them() -> None:
    found = problems(
        finding(1, "SUB503", file="s.csv", count=900),
        finding(2, "SUB507", file="s.csv", count=900),
        finding(3, "SUB508", file="s.csv", count=900),
        finding(4, "SUB506", file="s.csv", count=2),
    )
    assert [(p.code, p.follows_from) for p in found] == [("SUB508", None), ("SUB503", 1), ("SUB507", 1), ("SUB506", None)]


def test_students_who_are_not_in_the_file_may_be_those_whose_ids_are_unknown() -> None:
    found = problems(finding(1, "SUB507", file="s.csv", count=9), finding(2, "SUB503", file="s.csv", count=9))
    assert [(p.code, p.follows_from) for p in found] == [("SUB503", None), ("SUB507", 1)]


def test_the_gravest_comes_first_then_parents_then_what_unblocks_most_rows() -> None:
    found = problems(
        finding(1, "EOF001", file="orgs.csv"),
        finding(2, "DAT301", file="enrollments.csv", count=5),
        finding(3, "DAT301", file="classes.csv", count=1),
        finding(4, "ROW002", file="classes.csv", count=7),
        finding(5, "STU601", file="users.csv"),
        finding(6, "VOL301", file="users.csv", count=40),
    )
    assert [(p.code, [(place.file, place.count) for place in p.places]) for p in found] == [
        ("STU601", [("users.csv", None)]),
        ("VOL301", [("users.csv", 40)]),
        ("ROW002", [("classes.csv", 7)]),
        ("DAT301", [("classes.csv", 1), ("enrollments.csv", 5)]),
        ("EOF001", [("orgs.csv", None)]),
    ]


def test_a_roster_that_was_cut_off_says_so_before_what_it_led_to() -> None:
    """The users file lacks its second half: enrollments then name nobody, and too many of their rows are set aside."""
    found = problems(
        finding(1, "VOL310", file="enrollments.csv", count=900),
        finding(2, "REF106", file="enrollments.csv", count=900),
        finding(3, "ENR105", file="classes.csv", count=12),
        finding(4, "VOL301", file="users.csv", count=300),
    )
    assert [(p.code, p.follows_from) for p in found] == [("VOL301", None), ("VOL310", 1), ("REF106", 1), ("ENR105", 1)]


def test_a_cause_stands_where_its_gravest_consequence_would() -> None:
    found = problems(
        finding(1, "VOC204", file="users.csv", count=900),
        finding(2, "SUB541", file="s.csv", column="ell", count=60),
        finding(3, "SUB506", file="s.csv", column="ell", count=60),
        finding(4, "SUB506", file="s.csv", column="sped", count=1),
    )
    assert [(p.code, p.follows_from) for p in found] == [("SUB506", None), ("SUB541", 1), ("VOC204", None)]


def test_a_few_rows_that_were_set_aside_do_not_explain_many_that_are_gone() -> None:
    few, many = (problems(finding(1, "VOL301", file="users.csv", count=300), finding(2, "VOC203", file="users.csv", count=n))
                 for n in (3, 290))  # fmt: skip
    assert [(p.code, p.follows_from) for p in few] == [("VOL301", None), ("VOC203", None)]
    assert [(p.code, p.follows_from) for p in many] == [("VOC203", None), ("VOL301", 1)]


def test_no_code_is_its_own_cause() -> None:
    TopologicalSorter(PARENT_CODES).prepare()


def test_every_code_that_folds_is_in_the_catalogue() -> None:
    codes = {
        *COUNTS_GONE,
        *COUNTS_SET_ASIDE,
        *PARENT_FILE,
        *PARENT_CODES,
        *(parent for parents in PARENT_CODES.values() for parent in parents),
    }
    assert codes <= set(catalogue())
