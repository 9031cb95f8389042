"""Charts as SVG: where marks stand, where a line breaks, and that nothing that anybody wrote becomes markup."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from subgroup_pipeline.portal.charts.lines import HEIGHT, Line, Tick, line_chart
from subgroup_pipeline.portal.charts.marks import WIDTH, bar, dot, gap, heat, stack
from subgroup_pipeline.portal.words import points, school_year

TICKS = [Tick("Sep"), Tick("Oct"), Tick("Nov"), Tick("Dec")]


def _paths(chart: str) -> list[str]:
    """The way of each line, without its marks."""
    return re.findall(r'<g class="line line-\d"><path d="([^"]*)"', chart)


def test_a_bar_is_as_long_as_its_share() -> None:
    assert "h60v" in bar(0.5)
    assert bar(None) == ""


@pytest.mark.parametrize(("number", "side"), [(-4.0, range(60)), (0.0, range(60, 61)), (4.0, range(61, 121))])
def test_a_gap_lies_on_its_side_of_the_line(number: float, side: range) -> None:
    found = re.search(r'cx="(\d+)"', gap(number, 5.0))
    assert found
    assert int(found[1]) in side


def test_nothing_is_drawn_where_nothing_is_known() -> None:
    assert dot(None, 0.2, 0, 1) == gap(0.0, 0) == stack([0, 0]) == stack([]) == heat(None) == ""


def test_parts_of_a_whole_fill_it() -> None:
    edges = [tuple(map(int, edge)) for edge in re.findall(r"M(\d+) 0H(\d+)", stack([1, 0, 2, 3]))]
    assert edges[0][0] == 0
    assert edges[-1][1] == WIDTH
    assert all(left[1] == right[0] for left, right in pairwise(edges))


def test_heat_has_seven_steps() -> None:
    assert (heat(0), heat(0.5), heat(1), heat(1.2)) == ("heat-0", "heat-3", "heat-6", "heat-6")


def test_a_line_breaks_where_a_month_has_nothing() -> None:
    (whole,) = _paths(line_chart([Line("Yes", [1, 2, 3, 4])], TICKS, str, "about"))
    (broken,) = _paths(line_chart([Line("Yes", [1, None, 3, 4])], TICKS, str, "about"))
    assert (whole.count("M"), whole.count("L")) == (1, 3)
    assert (broken.count("M"), broken.count("L")) == (2, 1)


def test_a_new_school_year_is_marked() -> None:
    chart = line_chart([Line("Yes", [1, 2])], [Tick("Jul"), Tick("Aug", "2026-27")], str, "about")
    assert '<text class="break"' in chart
    assert "2026-27" in chart


@given(ends=st.lists(st.floats(0, 100), min_size=1, max_size=6))
@example(ends=[5e-324])
def test_labels_of_lines_do_not_cover_each_other(ends: list[float]) -> None:
    chart = line_chart([Line(f"Line {at}", [end]) for at, end in enumerate(ends)], TICKS[:1], str, "about")
    heights = sorted(int(height) for height in re.findall(r'<text x="\d+" y="(\d+)">Line', chart))
    assert all(below - above >= 16 for above, below in pairwise(heights))
    assert all(0 < height < HEIGHT for height in heights)


@given(words=st.text(min_size=1))
def test_no_label_becomes_markup(words: str) -> None:
    chart = line_chart([Line(words, [1, 2])], [Tick(words), Tick("Oct", words)], str, words)
    assert chart.count("<") == line_chart([Line("a", [1, 2])], [Tick("a"), Tick("Oct", "a")], str, "a").count("<")


def test_numbers_are_written_with_a_true_minus_and_years_as_people_do() -> None:
    assert (points(-4.06), points(0.25), points(None)) == ("\N{MINUS SIGN}4.1", "+0.2", "-")
    assert (school_year("2027"), school_year("2000"), school_year("2026-27")) == ("2026-27", "1999-00", "2026-27")
