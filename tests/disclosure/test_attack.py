"""Random districts are released, and then an outsider attacks the shareable files."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from subgroup_pipeline.disclosure.due import DueRelease
from subgroup_pipeline.disclosure.releases import make_releases
from subgroup_pipeline.disclosure.shareable import make_public, released_rows
from subgroup_pipeline.disclosure.store import open_store
from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.settings import load_settings
from tests.disclosure.attack import TABLES, Fact, Knowledge, Published, attack, fact_of, put_together, read_published
from tests.disclosure.shapes import Shape, a_night_later, known_of, random_shape, write_marts

MINIMUM = 10
SEPTEMBER = "2026-09-01"
SHAPES = int(os.environ.get("SUBGROUPS_TORTURE_SHAPES", "200"))
_DISTRICT = """district: {key}
name: Made-up district
timezone: America/Chicago
schedule: "02:00"
privacy: {{minimum_count: 10, zero: {zero}, release: nightly}}
"""


@dataclass(frozen=True)
class Released:
    """One night's marts and the shareable file that was made of them."""

    marts: Path
    shareable: Path


def release(home: Path, name: str, shapes: list[Shape], september: list[Shape], zero: str = "show") -> Released:
    """Release these districts as a night does; the store in `home` knows what was released before."""
    settings = load_settings(home=home, memory_limit="1GB")
    settings.paths.releases_database.parent.mkdir(parents=True, exist_ok=True)
    settings.paths.scratch.mkdir(parents=True, exist_ok=True)
    made = Released(home / f"{name}-marts.duckdb", home / f"{name}-shareable.duckdb")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{made.marts}' as source")
        write_marts(connection, shapes, {SEPTEMBER: september})
    due = [DueRelease(parse_district(_DISTRICT.format(key=shape.district_id, zero=zero)), name, "night") for shape in shapes]
    releases = make_releases(settings, made.marts, due, name, datetime.now(UTC))
    with open_store(settings) as connection:
        connection.execute(f"attach '{made.shareable}' as shareable")
        make_public(connection, lambda table: released_rows(table, [one.release_id for one in releases.values()]))
    return made


def published(made: Released, shapes: list[Shape]) -> dict[str, Published]:
    with duckdb.connect(str(made.shareable), read_only=True) as connection:
        return {shape.district_id: read_published(connection, shape.district_id, MINIMUM) for shape in shapes}


def truth(made: Released, shapes: list[Shape]) -> dict[str, dict[Fact, int]]:
    """What the marts count."""
    with duckdb.connect(str(made.marts), read_only=True) as connection:
        found: dict[str, dict[Fact, int]] = {shape.district_id: {} for shape in shapes}
        for table, columns in TABLES.items():
            for district_id, count, *named in connection.execute(
                f"select district_id, student_count, {columns} from marts.{table}"
            ).fetchall():
                found[district_id][fact_of(*named)] = count
        return found


def attacked(home: Path, seeds: range, most: int) -> Counter[str]:
    """Release the districts of these seeds, of at most so many students each, twice, and attack both releases together.

    Gives how many cells the second release has, and shows, of districts of 300 students or more. Raises AssertionError naming the
    seed where anything came out.
    """
    cells: Counter[str] = Counter()
    firsts = [random_shape(seed, most) for seed in seeds]
    septembers = [a_night_later(shape, seed) for shape, seed in zip(firsts, seeds, strict=True)]
    seconds = [a_night_later(shape, seed + 1) for shape, seed in zip(firsts, seeds, strict=True)]
    nights = [release(home, "first", firsts, septembers), release(home, "second", seconds, septembers)]
    shown = [published(night, firsts) for night in nights]
    true = [truth(night, firsts) for night in nights]
    for shapes in zip(firsts, septembers, seconds, strict=True):
        key = shapes[0].district_id
        first, second = true[0][key], true[1][key]
        knowledge = known_of(list(shapes))
        for one, other, counts in ((0, 1, first), (1, 0, second)):
            of_district = shown[one][key]
            assert of_district.counts.keys() == counts.keys(), f"{key}: other rows than in the marts"
            wrong = [fact for fact, count in of_district.counts.items() if count not in (None, counts[fact])]
            assert not wrong, f"{key}: other counts than in the marts: {wrong}"
            kept_both = put_together(of_district, shown[other][key], lambda fact: first.get(fact) == second.get(fact))  # noqa: B023
            found = attack(kept_both, knowledge)
            assert not found, f"{key}, release {one + 1}: {found}"
        if len(shapes[2].values) >= 300:
            counts_shown = [count for fact, count in shown[1][key].counts.items() if fact.month != SEPTEMBER]
            cells["all"] += len(counts_shown)
            cells["shown"] += sum(count is not None for count in counts_shown)
    return cells


def test_nothing_comes_out_of_a_sample_of_districts_and_most_is_shown(tmp_path: Path) -> None:
    cells = attacked(tmp_path, range(2, 5), most=1500)

    assert cells["shown"] >= 0.6 * cells["all"], cells


def test_where_empty_groups_are_hidden_nothing_comes_out_either(tmp_path: Path) -> None:
    """Every place has a row for every value there, and a hidden count may be 0."""
    shapes = [random_shape(seed, 700) for seed in (7, 10)]
    made = release(tmp_path, "only", shapes, shapes, zero="hide")
    for district_id, of_district in published(made, shapes).items():
        counts = truth(made, shapes)[district_id]
        assert any(fact not in counts for fact in of_district.counts), "no row for an empty group: try another seed"
        assert all(count in (None, counts.get(fact)) for fact, count in of_district.counts.items())
        found = attack(replace(of_district, least=0), known_of([shape for shape in shapes if shape.district_id == district_id]))
        assert not found, f"{district_id}: {found}"


def test_what_is_hidden_of_a_district_does_not_depend_on_who_is_released_with_it(tmp_path: Path) -> None:
    """How many are worked out together follows the clock of the machine."""
    shapes = [random_shape(seed, 500) for seed in (20, 21, 22)]
    together = published(release(_folder(tmp_path / "together"), "only", shapes, shapes), shapes)
    for shape in shapes:
        alone = published(release(_folder(tmp_path / shape.district_id), "only", [shape], [shape]), [shape])
        assert alone[shape.district_id] == together[shape.district_id]


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_no_mean_is_of_a_few_or_beside_a_hidden_count(tmp_path: Path) -> None:
    shapes = [random_shape(3, 1500)]
    made = release(tmp_path, "only", shapes, shapes)
    with duckdb.connect(str(made.shareable), read_only=True) as connection:
        connection.execute(f"attach '{made.marts}' as staff (read_only)")
        query = """select count(p.mean_score_pct), count(*) filter (p.mean_score_pct is not null and p.student_count is null),
                count(*) filter (p.mean_score_pct is not null and m.scored_students < 10),
                count(*) filter (abs(p.mean_score_pct - m.mean_score_pct) > 0.5)
            from public.rpt_school_subgroup as p inner join staff.marts.rpt_school_subgroup as m
                using (district_id, school_id, subgroup, value)"""
        shown, beside_hidden, of_few, wrong = connection.execute(query).fetchall()[0]

    assert shown > 0
    assert (beside_hidden, of_few, wrong) == (0, 0, 0)


def test_the_attack_sees_through_rows_that_are_closed_in_one_school_only() -> None:
    """Two hidden counts side by side in one school of three: the columns give both back."""
    counts = {place: {"a": a, "b": b, "c": c} for place, (a, b, c) in {(): (74, 82, 405), ("elm",): (4, 22, 140)}.items()}
    counts |= {("oak",): {"a": 30, "b": 25, "c": 140}, ("fir",): {"a": 40, "b": 35, "c": 125}}
    shown: dict[Fact, int | None] = {
        Fact("", place, frozenset({("race", value)})): count for place, of in counts.items() for value, count in of.items()
    }
    shown |= {Fact("", place, frozenset()): sum(of.values()) for place, of in counts.items()}
    hidden = [Fact("", ("elm",), frozenset({("race", value)})) for value in "ab"]
    everyone_in_one = Knowledge(full=frozenset({()}), disjoint=frozenset({()}))

    closed = attack(Published(shown | dict.fromkeys(hidden), MINIMUM), everyone_in_one)
    rectangle = [*hidden, *(fact._replace(place=("oak",)) for fact in hidden)]
    safe = attack(Published(shown | dict.fromkeys(rectangle), MINIMUM), everyone_in_one)

    assert closed.exact == dict(zip(hidden, (4, 22), strict=True))
    assert not safe


def test_the_attack_reads_shares_as_bounds() -> None:
    """A share beside a shown count gives the hidden number of everyone back, as far as it is rounded."""
    group, everyone = Fact("", (), frozenset({("ell", "yes")})), Fact("", (), frozenset())
    others = Fact("", (), frozenset({("ell", "no")}))
    shown = Published({group: 40, others: None, everyone: None}, MINIMUM, {group: "83%"})

    assert attack(shown, Knowledge(frozenset(), frozenset())).exact == {others: 8, everyone: 48}


@pytest.mark.torture
def test_nothing_comes_out_of_many_districts_and_most_is_shown(tmp_path: Path) -> None:
    """SUBGROUPS_TORTURE_SHAPES says of how many."""
    cells: Counter[str] = Counter()
    for first in range(1000, 1000 + SHAPES, 20):
        home = tmp_path / str(first)
        home.mkdir()
        cells += attacked(home, range(first, min(first + 20, 1000 + SHAPES)), most=6000)

    assert cells["shown"] >= 0.6 * cells["all"], cells
