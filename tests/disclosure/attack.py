"""An outsider with the shareable file, who knows how schools work and solves integer programs. It uses nothing of the audit.

A *fact* is how many students of a place have some values: `(month, place, values)`. The place is `()` for the district,
`(school,)` or `(school, course)`; the values are a set of `(subgroup, value)`, empty for everyone, so a pair of values is one
fact whichever way round it is printed. Two laws give all equations: over the values of one more subgroup facts add up, and a
place holds what is within it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    import duckdb

TABLES = {
    "rpt_district_subgroup": "null, null, null, subgroup, value",
    "rpt_school_subgroup": "null, school_id, null, subgroup, value",
    "rpt_course_subgroup": "null, school_id, course_id, subgroup, value",
    "rpt_district_subgroup_pair": "null, null, null, subgroup, value, with_subgroup, with_value",
    "rpt_school_subgroup_pair": "null, school_id, null, subgroup, value, with_subgroup, with_value",
    "rpt_trend_subgroup": "month, school_id, course_id, subgroup, value",
}
"""What names a fact in each report."""
Place = tuple[str, ...]
Values = frozenset[tuple[str, str]]


class Fact(NamedTuple):
    """How many students of a place, in a month or now (""), have all of these values."""

    month: str
    place: Place
    values: Values


@dataclass(frozen=True)
class Knowledge:
    """What people who live there know, though it is published nowhere: of which places everybody is in one of the places within
    (every student is in a school, everybody in a school takes a course), and of which ones nobody is in two of them."""

    full: frozenset[Place]
    disjoint: frozenset[Place]


@dataclass
class Published:
    """What the file shows of one district: each fact with its count, or None where there is a row and no count."""

    counts: dict[Fact, int | None]
    minimum: int
    shares: dict[Fact, str] = field(default_factory=dict)
    least: int = 1
    """What a hidden count is at least: a row for nobody is not printed unless nobody is hidden, too."""


class Law(NamedTuple):
    """The first facts together are equal to the other one ("="), at most it ("<"), or at least it (">")."""

    parts: tuple[Fact, ...]
    relation: str
    whole: Fact


@dataclass
class Found:
    """What came out: facts that are known or known to be small, and small groups by a difference."""

    exact: dict[Fact, int] = field(default_factory=dict)
    small: dict[Fact, tuple[int, int]] = field(default_factory=dict)
    differences: dict[tuple[Fact, Fact], int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.exact or self.small or self.differences)


def read_published(connection: duckdb.DuckDBPyConnection, district_id: str, minimum: int) -> Published:
    """Everything that counts students in the schema `public` of a shareable file, which is the connection's database."""
    published = Published({}, minimum)
    for table, columns in TABLES.items():
        share = "null" if table.endswith("_pair") else "student_share_display"
        rows = connection.execute(
            f"select {columns}, student_count, {share} from public.{table} where district_id = ?", [district_id]
        )
        for *named, count, text in rows.fetchall():
            fact = fact_of(*named)
            if published.counts.get(fact) is None:  # what is shown in one of two rows is shown
                published.counts[fact] = count
            if text is not None and text != "*":
                published.shares[fact] = text
    return published


def fact_of(month: object, school: str | None, course: str | None, *values: str | None) -> Fact:
    """The fact that a row counts, from the columns of `TABLES`."""
    pairs = frozenset((name, has) for name, has in zip(values[::2], values[1::2], strict=True) if name and has is not None)
    return Fact(
        "" if month is None else str(month),
        tuple(one for one in (school, course) if one is not None),
        frozenset((name, has) for name, has in pairs if name != "all_students"),
    )


def put_together(one: Published, other: Published, is_same: Callable[[Fact], bool]) -> Published:
    """What one release shows to somebody who kept another one, and guesses rightly which counts are the same in both."""
    counts = {fact: other.counts.get(fact) if count is None and is_same(fact) else count for fact, count in one.counts.items()}
    return Published(counts, one.minimum, dict(one.shares), one.least)


def laws(published: Published, knowledge: Knowledge) -> Iterator[Law]:
    """All that must hold between the facts that have a row."""
    adding_up: dict[tuple[Fact, str], list[Fact]] = defaultdict(list)
    for fact in published.counts:
        for subgroup, value in fact.values:
            adding_up[fact._replace(values=fact.values - {(subgroup, value)}), subgroup].append(fact)
    yield from (Law(tuple(parts), "=", whole) for (whole, _), parts in adding_up.items() if whole in published.counts)
    yield from _laws_of_places(published, knowledge)


def _laws_of_places(published: Published, knowledge: Knowledge) -> Iterator[Law]:
    within: dict[Fact, list[Fact]] = defaultdict(list)
    for fact in published.counts:
        for around in _around(fact, published):
            yield Law((fact,), "<", around)
            if len(around.place) == len(fact.place) - 1:
                within[around].append(fact)
    for around, facts in within.items():
        if around.place in knowledge.full:
            yield Law(tuple(facts), ">", around)
        if around.place in knowledge.disjoint:
            yield Law(tuple(facts), "<", around)


def _around(fact: Fact, published: Published) -> list[Fact]:
    """The same of the places around."""
    every = [fact._replace(place=fact.place[:depth]) for depth in range(len(fact.place))]
    return [one for one in every if one in published.counts]


def attack(published: Published, knowledge: Knowledge, secret: Iterable[Fact] | None = None) -> Found:
    """Solve for every hidden fact (or these only), and look at every difference of two places."""
    hidden = sorted((fact for fact, count in published.counts.items() if count is None), key=repr)
    number = {fact: at for at, fact in enumerate(hidden)}
    found = _by_hand(published)
    if not hidden:
        return found
    rows = [_row(law, published.counts, number) for law in laws(published, knowledge)]
    rows += [row for fact, text in published.shares.items() for row in _share_rows(fact, text, published.counts, number)]
    rows = [row for row in rows if row[0]]
    matrix = csr_array(
        coo_array(
            (
                [sign for terms, _, _ in rows for sign in terms.values()],
                ([at for at, (terms, _, _) in enumerate(rows) for _ in terms], [at for terms, _, _ in rows for at in terms]),
            ),
            shape=(len(rows), len(hidden)),
        )
    )
    low, high = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    part = connected_components(abs(matrix).T @ abs(matrix), directed=False)[1]
    wanted = set(hidden if secret is None else secret)
    for one in np.unique(part):
        facts = np.flatnonzero(part == one)
        touched = np.flatnonzero(np.diff(matrix[:, facts].indptr))
        # Most facts are seen to move in a few directions by chance, and need no program of their own.
        program = _Program(csr_array(matrix[touched][:, facts]), low[touched], high[touched], published)
        program.look_around(int(one))
        for at, fact in enumerate(hidden[number] for number in facts):
            if fact in wanted:
                program.judge(at, fact, found)
    return found


def _by_hand(published: Published) -> Found:
    """What needs no program: small counts that are simply there, and shown counts of two places that differ by a small one."""
    found = Found()
    for fact, count in published.counts.items():
        if count is None:
            continue
        if 0 < count < published.minimum:
            found.exact[fact] = count
        for around in _around(fact, published):
            others = (published.counts[around] or 0) - count
            if 0 < others < published.minimum:
                found.differences[fact, around] = others
    return found


def _row(law: Law, counts: Mapping[Fact, int | None], number: Mapping[Fact, int]) -> tuple[dict[int, float], float, float]:
    """The law as coefficients of hidden facts, and what their sum lies between."""
    terms: dict[int, float] = defaultdict(float)
    known = 0
    for fact, sign in [*((part, 1) for part in law.parts), (law.whole, -1)]:
        count = counts[fact]
        if count is None:
            terms[number[fact]] += sign
        else:
            known += sign * count
    return terms, (-np.inf if law.relation == "<" else -known), (np.inf if law.relation == ">" else -known)


def _share_rows(
    fact: Fact, text: str, counts: Mapping[Fact, int | None], number: Mapping[Fact, int]
) -> Iterator[tuple[dict[int, float], float, float]]:
    """What a share as text says of the fact and of everyone there: count - share * everyone is above or below 0."""
    numbers = [float(one) / 100 for one in re.findall(r"[0-9]+", text)]
    least, most = (numbers[0], numbers[-1] + 0.01) if len(numbers) == 2 else (numbers[0] - 0.005, numbers[0] + 0.005)
    if text[0] in "<>":
        least, most = (0.0, numbers[0]) if text[0] == "<" else (numbers[0], 1.0)
    for share, low, high in ((least, 0.0, np.inf), (most, -np.inf, 0.0)):
        terms: dict[int, float] = {}
        known = 0.0
        for one, sign in ((fact, 1.0), (fact._replace(values=frozenset()), -share)):
            count = counts.get(one)
            if count is None:
                terms[number[one]] = terms.get(number[one], 0.0) + sign
            else:
                known += sign * count
        yield terms, low - known - 1e-9, high - known + 1e-9


class _Program:
    """The integer program of hidden facts that hang together. What was seen once is not asked for again."""

    def __init__(self, matrix: csr_array, low: np.ndarray, high: np.ndarray, published: Published) -> None:
        self._constraints = LinearConstraint(matrix, low, high)
        self._bounds = Bounds(np.full(matrix.shape[1], float(published.least)), np.full(matrix.shape[1], 100_000.0))
        self._minimum = published.minimum
        self._lowest = np.full(matrix.shape[1], np.inf)
        self._highest = np.full(matrix.shape[1], -np.inf)

    def judge(self, at: int, fact: Fact, found: Found) -> None:
        """Put a fact among what was found, if it can be said exactly or is known to be small."""
        for sign in (1, -1):
            if self._is_safe(at):
                return
            direction = np.zeros(len(self._lowest))
            direction[at] = -sign
            self._solve(direction)
        low, high = round(self._lowest[at]), round(self._highest[at])
        if low == high:
            found.exact[fact] = low
        elif high < self._minimum and low > 0:
            found.small[fact] = (low, high)

    def _is_safe(self, at: int) -> bool:
        return bool(self._highest[at] > self._lowest[at] and (self._highest[at] >= self._minimum or self._lowest[at] <= 0))

    def look_around(self, seed: int) -> None:
        """Solve in some directions by chance, while that helps."""
        chance = np.random.default_rng(seed)
        for _ in range(8):
            if sum(not self._is_safe(at) for at in range(len(self._lowest))) < 20:
                return
            self._solve(chance.choice([-1.0, 1.0], len(self._lowest)))

    def _solve(self, direction: np.ndarray) -> None:
        # With its presolve, HiGHS 1.12 calls a solution of seed 1018 the best one that is 10 away from the best.
        solved = milp(
            direction,
            integrality=np.ones(len(direction)),
            bounds=self._bounds,
            constraints=self._constraints,
            options={"presolve": False},
        )
        if solved.x is None:
            msg = f"the file contradicts itself, or the solver gave up: {solved.message}"
            raise AssertionError(msg)
        self._lowest = np.minimum(self._lowest, np.round(solved.x))
        self._highest = np.maximum(self._highest, np.round(solved.x))
