"""A look at a district's next release, for staff: what it would show and hide and why, and what an outsider could learn.

`subgroups release preview` works it out and `subgroups release now` makes the release, each in a process under limits: the portal
neither solves programs nor writes what is published.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.desk.limited_child import BusyError, TooSlowError, only_one, run_limited
from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.publish.district_reader import open_district

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from subgroup_pipeline.settings import Settings

SECONDS = 150.0
MOST_LISTED = 100
"""Cells of a list that a page shows; the command line has all."""
LEVELS = ("District", "Schools", "Courses", "Two subgroups together", "Months")
REASONS = {
    "primary": "The group is small",
    "small_entity": "The school or course has few students",
    "zero": "Nobody is in it, or everybody is, and the rule hides that",
    "complement_of_total": "All but a few students of the place are in it",
    "row": "It would give another value of the same subgroup back",
    "column": "It would give another school, or the district, back",
    "pair": "It would give back how many have two values together",
    "containment": "It would give back a few students of the place around it",
    "earlier_release": "The last release hid it, and it has hardly grown",
    "audit": "The audit found that it would help to narrow another one down",
    "audit_whole": "The audit could not save the line, so all of it is hidden",
}
"""Why a count is hidden, in words for staff; in the order of the rules."""


@dataclass(frozen=True)
class LevelCount:
    """How many counts of a level a release would show and hide."""

    words: str
    shown: int
    hidden: int


@dataclass(frozen=True)
class NamedCell:
    """One count in words; `student_count` is the true one, for staff only."""

    place: str
    group: str
    student_count: int
    reason: str


@dataclass(frozen=True)
class ReleaseLook:
    """What a release made now would be. The lists end at `MOST_LISTED`, `newly_…` beside the last release count all."""

    minimum_count: int
    shown: int
    hidden: int
    levels: list[LevelCount]
    reasons: list[tuple[str, int]]
    newly_hidden: int
    newly_shown: int
    changes: list[tuple[str, NamedCell]]
    cells: list[NamedCell]
    whole: int
    by_audit: int
    narrowest: int | None
    too_narrow: int


class NoLookError(Exception):
    """It could not be worked out; the words say why and what to do."""


def look_at_release(settings: Settings, district_id: str) -> ReleaseLook:
    """Work out what a release of a district would be now. Raises NoLookError."""
    found = json.loads(_ask(settings, ["release", "preview", "--json", "--", district_id]))
    cells: list[dict[str, Any]] = found["cells"]
    in_words = _namer(settings, district_id)
    levels = Counter((_level(cell), cell["hidden"]) for cell in cells)
    changed = [cell for cell in cells if cell["hidden"] != cell["was_hidden"]]
    new = [("Hidden from now on" if cell["hidden"] else "Shown from now on", in_words(cell)) for cell in changed[:MOST_LISTED]]
    listed = [cell for cell in cells if cell["hidden"] and _level(cell) in LEVELS[:3]]
    counted: Mapping[str, int] = found["reasons"]
    return ReleaseLook(
        minimum_count=found["minimum_count"],
        shown=found["shown"],
        hidden=found["hidden"],
        levels=[LevelCount(words, levels[words, False], levels[words, True]) for words in LEVELS],
        reasons=[(words, counted[reason]) for reason, words in REASONS.items() if reason in counted],
        newly_hidden=sum(cell["hidden"] for cell in changed),
        newly_shown=sum(not cell["hidden"] for cell in changed),
        changes=new,
        cells=[in_words(cell) for cell in sorted(listed, key=lambda cell: LEVELS.index(_level(cell)))[:MOST_LISTED]],
        whole=counted.get("audit_whole", 0) + counted.get("small_entity", 0),
        by_audit=counted.get("audit", 0),
        narrowest=found["narrowest"],
        too_narrow=found["too_narrow"],
    )


def ask_for_release(settings: Settings, district_id: str, *, by: str, reason: str) -> None:
    """Have a release made at once, as `subgroups release now` does; that is audited. Raises NoLookError."""
    _ask(settings, ["release", "now", f"--by={by}", f"--reason={reason}", "--", district_id])


def _ask(settings: Settings, arguments: Sequence[str]) -> str:
    try:
        with only_one(settings.paths.releases):
            status, said, words = run_limited(settings, arguments, SECONDS)
    except BusyError:
        raise NoLookError("Another release is being worked out just now. Try again in a minute.") from None
    except TooSlowError:
        command = " ".join(arguments[:2])
        raise NoLookError(f"This takes too long here. On the machine `subgroups {command}` does the same.") from None
    if status != 0:
        last = (words.strip().splitlines() or ["no reason was given"])[-1]
        raise NoLookError(f"That did not work: {last}")
    return said


def _level(cell: Mapping[str, Any]) -> str:
    """Which line of the table of levels a cell is of."""
    if cell["month"] is not None:
        return LEVELS[4]
    if cell["with_value"] is not None:
        return LEVELS[3]
    return {"district": LEVELS[0], "school": LEVELS[1], "course": LEVELS[2]}[cell["level"]]


def _namer(settings: Settings, district_id: str) -> Callable[[Mapping[str, Any]], NamedCell]:
    """What gives a cell in words, with the names that the published dimensions have."""
    try:
        with open_district(settings, district_id) as shown:
            schools = dict(shown.execute("select school_id, coalesce(school_name, school_id) from marts.dim_school").fetchall())
            query = "select (school_id, course_id), coalesce(course_title, course_id) from marts.dim_course"
            courses = dict(shown.execute(query).fetchall())
            query = "select subgroup, value, subgroup_label, value_label from marts.dim_subgroup"
            groups = {(row[0], row[1]): f"{row[2]}: {row[3]}" for row in shown.execute(query).fetchall()}
    except PublishError as error:
        raise NoLookError(f"That did not work: {error}") from error

    def in_words(cell: Mapping[str, Any]) -> NamedCell:
        school, course = cell["school_id"], cell["course_id"]
        steps = [schools.get(school, school)] if school else ["The district"]
        steps += [courses.get((school, course), course)] if course else []
        group = groups.get((cell["subgroup"], cell["value"]), f"{cell['subgroup']}: {cell['value']}")
        if cell["subgroup"] == "all_students":
            group = "All students"
        if cell["with_value"] is not None:
            other = cell["with_subgroup"], cell["with_value"]
            group += f", with {groups.get(other, ': '.join(other))}"
        place = ", ".join(steps) + (f", {cell['month'][:7]}" if cell["month"] else "")
        return NamedCell(place, group, cell["student_count"], REASONS.get(cell["reason"] or "", ""))

    return in_words
