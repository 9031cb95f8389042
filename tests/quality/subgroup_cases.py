"""Subgroup files, each with one thing that is odd about the whole of it, and all findings that it must get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.quality.subgroup_world import HEADER, roster, rows, text


@dataclass(frozen=True)
class Case:
    """A file, and all findings about it as (code, line, column, count). `says` stands in the words of the first one.

    With `after` a clean file was accepted before it; `changed` gives that one.
    """

    file: str
    found: list[tuple[str, int | None, str | None, int | None]]
    says: tuple[str, ...] = ()
    state: str = "accepted"
    after: str = ""
    guards: str = ""
    roster: dict[str, str] = field(default_factory=roster)


def _changed(change: Callable[[int, list[str]], list[str] | None], students: int = 100) -> str:
    """The clean file with each row changed, or left out for None."""
    return text([row for n, one in enumerate(rows(students)) if (row := change(n, one)) is not None])


def _id(key: str, *numbers: int) -> str:
    """The clean file with the ids of some rows replaced; `{}` stands for the number."""
    return _changed(lambda n, row: [key.format(n), *row[1:]] if n in numbers else row)


def with_cell(column: int, value: str, numbers: range) -> str:
    return _changed(lambda n, row: [*row[:column], value, *row[column + 1 :]] if n in numbers else row)


def with_users(change: Callable[[str], str], header: str = "", students: int = 100) -> dict[str, str]:
    """The clean roster with each line of a student changed, and more columns."""
    files = roster(students=students)
    first, *lines = files["users.csv"].splitlines()
    return files | {"users.csv": "\n".join([first + header, *(change(line) for line in lines)]) + "\n"}


def _with_inactive(count: int, students: int = 100) -> dict[str, str]:
    """The clean roster with its first students disabled."""
    inactive = {f"s{n:03}" for n in range(count)}
    return with_users(
        lambda line: line.replace(",true,", ",false,") if line.partition(",")[0] in inactive else line, "", students
    )


def _number(line: str) -> str:
    return line.partition(",")[0].removeprefix("s")


CLEAN = text(rows())
FIVE = range(2, 7)


CASES: dict[str, Case] = {
    "clean": Case(CLEAN, []),
    # Student IDs
    "scientific": Case(
        _id("1.2345{}E+11", 3, 4), [("SUB510", 5, "student_id", 2), ("SUB507", None, None, 2)], (), "accepted"),
    "too_scientific": Case(
        _id('"1,{}E+11"', *range(10, 16)),
        [("SUB510", 12, "student_id", 6), ("SUB513", 12, "student_id", 6)], (), "rejected"),
    "excel_wreck": Case(
        text([["#REF!", *rows()[0][1:]], ["####", *rows()[1][1:]], ["3-Jan", *rows()[2][1:]], *rows()[3:]]),
        [("SUB511", 2, "student_id", 3), ("SUB507", None, None, 3)]),
    "zero_width": Case(_id("{:05}\u200b", 7), [("SUB512", 9, "student_id", 1)]),
    "space_inside": Case(_id("0\u00a0{:04}", 7), [("SUB512", 9, "student_id", 1)]),
    "lost_zeros": Case(
        _id("{}", *range(94)),
        [("SUB503", 2, "student_id", 94), ("SUB514", 2, "student_id", 94)],
        ("100 of 100 IDs match if padded with zeros to 5 digits, 6 as they are", "5% (our default)"), "rejected"),
    "few_lost_zeros": Case(
        _id("{}", 8, 9), [("SUB503", 10, "student_id", 2), ("SUB515", 10, "student_id", 2)],
        ("100 of 100 IDs match if padded", "98 as they are")),
    "lost_zeros_allowed": Case(
        _id("{}", *range(10, 18)),
        [("SUB503", 12, "student_id", 8), ("SUB525", 12, "student_id", 8)],
        ("100 of 100 IDs would match if they were written as there, 92 match as they are.", "zeros at the front (8)"), "held",
        guards="subgroup_padded_ids: 0.2"),
    "other_case": Case(
        text(rows(key="a{:04}")),
        [("SUB503", 2, "student_id", 100), ("SUB525", 2, "student_id", 100)],
        ("100 of 100 IDs would match", "They differ in: capital letters (100)."), "held", roster=roster("A{:04}")),
    "few_in_other_case": Case(
        text([["a0001", *rows()[0][1:]], *[[f"A{row[0][1:]}", *row[1:]] for row in rows()[2:]]]),
        [("SUB503", 2, "student_id", 1), ("SUB516", 2, "student_id", 1), ("SUB507", None, None, 1)],
        ("1 would match if capital letters did not count", "1 of 100 students"), roster=roster("A{:04}")),
    "decimals_without_zeros": Case(
        _id("{}.0", *range(100)), [("SUB503", 2, "student_id", 100), ("SUB525", 2, "student_id", 100)],
        ("100 of 100 IDs would match", "`.0` at the end and zeros at the front (100)."), "held"),
    "thousands_and_brackets": Case(
        text([[f'"{n + 1000:,}"' if n % 2 else f"{{{n + 1000}}}", *row[1:]] for n, row in enumerate(rows())]),
        [("SUB503", 2, "student_id", 100), ("SUB525", 2, "student_id", 100)],
        ("commas or points between thousands (50)", "quotation marks, brackets or = around them (50)"), "held",
        roster=with_users(lambda line: line.replace(f",,00{_number(line)},", f",,{int(_number(line)) + 1000},"))),
    "apostrophes": Case(
        _id("'{:05}", *range(100)), [("SUB503", 2, "student_id", 100), ("SUB525", 2, "student_id", 100)],
        ("quotation marks, brackets or = around them (100)",), "held"),
    "full_width": Case(
        text([["".join(chr(0xFEE0 + ord(digit)) for digit in row[0]), *row[1:]] for row in rows()]),
        [("SUB503", 2, "student_id", 100), ("SUB525", 2, "student_id", 100)],
        ("full-width digits or letters (100)",), "held"),
    "unseen_everywhere": Case(
        _id("{:05}\u200b", *range(100)), [("SUB512", 2, "student_id", 100), ("SUB525", 2, "student_id", 100)],
        ("spaces or characters that cannot be seen (100)",), "held"),
    "few_changed": Case(
        _id("{:05}.0", 8, 9), [("SUB503", 10, "student_id", 2), ("SUB526", 10, "student_id", 2)],
        ("100 of 100 IDs would match", "98 match as they are", "`.0` at the end (2)")),
    "other_field": Case(
        text(rows(key="s{:03}")), [("SUB503", 2, "student_id", 100), ("SUB527", None, "student_id", 100)],
        ("100 of 100 IDs (100%) are in `users.sourcedId`, and 0 in `users.identifier`, which is set up.",), "held"),
    "other_user_id": Case(
        text(rows(key="L{:03}")), [("SUB503", 2, "student_id", 100), ("SUB527", None, "student_id", 100)],
        ("100 of 100 IDs (100%) are in `userIds:Local`",), "held",
        roster=with_users(lambda line: line.replace(",,Given", f',"{{LDAP:x}},{{Local:L{_number(line)}}}",Given', 1))),
    "other_field_of_metadata": Case(
        text(rows(90, key="m{:03}")), [("SUB503", 2, "student_id", 90), ("SUB527", None, "student_id", 90)],
        ("90 of 90 IDs (100%) are in `metadata.lunch_no`",), "held",
        roster=with_users(lambda line: f"{line},m{_number(line)}", ",metadata.Lunch No")),
    "spaces": Case(_id(" {:05}\u00a0", 5, 9), [("CEL101", 7, None, 2)]),
    # Match, both ways
    "below_99": Case(
        text([[f"x{n}", *row[1:]] if n in range(50, 56) else row for n, row in enumerate(rows(200))]),
        [("SUB503", 52, "student_id", 6), ("SUB519", None, "student_id", 6), ("SUB507", None, None, 6)],
        ("194 of 200 do (97%)", "99% (our default)"), roster=roster(students=200)),
    "below_95": Case(
        _id("x{}", *range(6)),
        [("SUB503", 2, "student_id", 6), ("SUB508", None, "student_id", 6), ("SUB507", None, None, 6)],
        ("94 of 100 do (94%)", "95% (our default)"), "held"),
    "inactive": Case(
        CLEAN, [("SUB505", 2, "student_id", 7), ("SUB508", None, "student_id", 7)],
        ("93 of 100 do (93%); 7 belong to people of the roster who are not active students, 0 are not in the roster;",), "held",
        roster=_with_inactive(7)),
    "some_inactive": Case(
        CLEAN, [("SUB505", 2, "student_id", 2), ("SUB503", 92, "student_id", 10), ("SUB508", None, "student_id", 12)],
        ("2 belong to people of the roster who are not active students, 10 are not in the roster;",), "held",
        roster=_with_inactive(2, students=90)),
    "below_own_limit": Case(
        _id("x{}", *range(6)),
        [("SUB503", 2, "student_id", 6), ("SUB508", None, "student_id", 6), ("SUB507", None, None, 6)],
        ("98.5% (this district's setting)",), "held", guards="match_rate: 0.985"),
    "few_are_no_reason": Case(
        text([["x1", "y", "y", "Karen"], *rows()[1:10]]), [("SUB503", 2, "student_id", 1), ("SUB507", None, None, 1)],
        roster=roster(students=10)),
    "most_of_few": Case(
        text([["x1", "y", "y", "Karen"], ["x2", "y", "y", "Karen"], *rows()[2:3]]),
        [("SUB503", 2, "student_id", 2), ("SUB508", None, "student_id", 2), ("SUB507", None, None, 9)], (), "held",
        roster=roster(students=10)),
    "absent": Case(
        text(rows()[:49]), [("SUB520", None, None, 51)], ("51 of 100 are not",), "held"),
    "absent_since": Case(
        text(rows()[:70]), [("SUB521", None, None, 30), ("SUB507", None, None, 30)],
        (), "held", after=CLEAN),
    "repeated": Case(
        CLEAN + "00003, N ,n,Spanish\n00003,n,n,Spanish\n".replace(" N ", " n "),
        [("CEL101", 102, None, 1), ("SUB522", 5, "student_id", 2)]),
    "most_of_a_small_file": Case(
        text([["", *row[1:]] if n < 3 else row for n, row in enumerate(rows(5))]),
        [("SUB501", 2, "student_id", 3), ("SUB507", None, None, 3), ("SUB523", None, "student_id", 3)],
        ("3 of 5 rows; more than half of a file is never let through.",), "held", roster=roster(students=5)),
    "half_of_a_small_file": Case(
        text([["", *row[1:]] if n < 2 else row for n, row in enumerate(rows(4))]),
        [("SUB501", 2, "student_id", 2), ("SUB507", None, None, 2)], roster=roster(students=4)),
    "most_of_a_small_file_does_not_fit": Case(
        CLEAN.splitlines()[0] + "\n" + "".join(f"{line},too,wide\n" for line in CLEAN.splitlines()[1:4])
        + CLEAN.splitlines()[4] + "\n",
        [("ROW002", 2, None, 3), ("SUB507", None, None, 3), ("SUB523", None, "student_id", 3)],
        (), "held", roster=roster(students=4)),
    "many_contradict": Case(
        CLEAN + "".join(f"{n:05},n,n,Other\n" for n in range(11)),
        [("SUB502", 2, "student_id", 22), ("SUB523", None, "student_id", 22)], (), "held"),
    "most_contradict": Case(
        CLEAN + "".join(f"{n:05},n,n,Other\n" for n in range(30)),
        [("SUB502", 2, "student_id", 60), ("SUB524", None, "student_id", 60)], (), "rejected"),
    # Columns
    "unmapped": Case(
        with_cell(1, "Maybe", FIVE), [("SUB506", 4, "ell", 5)], ("(One value.)", "Agreed on: y, n.")),
    "unmapped_under_an_alias": Case(
        with_cell(2, "x", FIVE).replace("sped", "IEP", 1), [("SUB506", 4, "IEP", 5)]),
    "in_the_clerks_own_words": Case(
        with_cell(1, "Maybe", FIVE).replace("student_id,ell", "Student ID, ELL ", 1).replace(",n,", ",N,").replace("00099", "x"),
        [("SUB503", 101, "Student ID", 1), ("SUB507", None, None, 1), ("SUB506", 4, "ELL", 5)], ("Agreed on: y, N.",)),
    "blank_words": Case(
        _changed(lambda n, row: [*row[:3], ("null", r"\N", "N/A", "-", "Karen")[n % 5]]), [("SUB549", 2, "lang", 80)],
        ("Here: `-` (20), `N/A` (20), `NULL` (20), `\\N` (20).",)),
    "a_blank_word_that_is_set_up": Case(with_cell(3, "None", FIVE), []),
    "excel_in_an_open_column": Case(with_cell(3, "#N/A", FIVE), [("SUB548", 4, "lang", 5)]),
    "explodes": Case(
        _changed(lambda n, row: [*row[:3], f"note {n % 60}"]), [("SUB545", 1, "lang", 60)],
        ("60 different texts in 100 cells", "50 (our default)", "20% (our default)")),
    "looks_like_ids": Case(_changed(lambda n, row: [*row[:3], f"{n + 4000}"]), [("SUB546", 1, "lang", 100)]),
    "repeats_ids": Case(
        _changed(lambda n, row: [*row[:3], f"{n // 3:05}"]), [("SUB546", 1, "lang", 34)], ("100 are student IDs",)),
    # Against the last file
    "share": Case(
        with_cell(1, "y", range(30)), [("SUB540", 1, "ell", 22)],
        ("`y`: 25 of 100 rows before, 47 of 100 now", "25% (our default)"), "held", after=CLEAN),
    "more_not_reported": Case(
        with_cell(1, "Maybe", range(12, 40)), [("SUB506", 14, "ell", 28)], after=CLEAN, guards="subgroup_share_change: 0.5"),
    "small_share": Case(with_cell(1, "y", range(20)), [], after=CLEAN),
    "share_allowed": Case(with_cell(1, "y", range(30)), [], after=CLEAN, guards="subgroup_share_change: 2"),
    "vanished": Case(
        with_cell(2, "n", range(100)), [("SUB541", 1, "sped", 20)],
        ("`y`: 20 of 100 rows before, 0 of 100 now",), "held", after=CLEAN),
    "vanished_allowed": Case(with_cell(2, "n", range(100)), [], after=CLEAN, guards="subgroup_vanished_value: 20"),
    "blank": Case(
        with_cell(1, "", range(30)), [("SUB547", 1, "ell", 30)],
        ("0 of 100 rows before, 30 of 100 now",), "held", after=CLEAN),
    "open_drift": Case(with_cell(3, "SPA", range(30)), [("SUB542", 1, "lang", 30)], after=CLEAN),
    "column_gone": Case(
        text([row[:3] for row in rows()], "student_id,ell,sped"), [("HDR004", 1, "lang", None), ("SUB543", 1, "lang", None)],
        after=CLEAN),
    "column_new": Case(
        text([[*row, "x"] for row in rows()], f"{HEADER},GPA"), [("HDR003", 1, "GPA", None), ("SUB544", 1, "GPA", None)],
        after=CLEAN),
    "column_not_new": Case(
        text([[*row, "z"] for row in rows()], f"{HEADER},GPA"), [("HDR003", 1, "GPA", None)],
        after=text([[*row, "x"] for row in rows()], f"{HEADER},GPA")),
}  # fmt: skip
