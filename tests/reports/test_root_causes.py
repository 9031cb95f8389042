"""Root causes come first, and what may follow from them stands under them."""

from __future__ import annotations

import pytest

from subgroup_pipeline.registry.finding_codes import CATALOGUE
from subgroup_pipeline.reports.root_causes import PARENT_CODES, PARENT_FILE

from .made_up import finding, problems


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
    assert [(p.code, p.file, p.count) for p in found] == [
        ("STU601", "users.csv", None),
        ("VOL301", "users.csv", 40),
        ("ROW002", "classes.csv", 7),
        ("DAT301", "classes.csv", 1),
        ("DAT301", "enrollments.csv", 5),
        ("EOF001", "orgs.csv", None),
    ]


def test_every_code_that_folds_is_in_the_catalogue() -> None:
    codes = {*PARENT_FILE, *PARENT_CODES, *(parent for parents in PARENT_CODES.values() for parent in parents)}
    assert codes <= set(CATALOGUE)
