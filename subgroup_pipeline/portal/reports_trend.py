"""The view of a subgroup over time: a line for each value, and the same as a table, by month, term or school year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.download import Part
from subgroup_pipeline.desk.dashboard.subgroup_table import list_subgroups
from subgroup_pipeline.desk.dashboard.trend import last_of_each, trend_of
from subgroup_pipeline.portal.charts.lines import MOST_LINES, Line, Tick, line_chart, months_between
from subgroup_pipeline.portal.reports_content import Content
from subgroup_pipeline.portal.words import month_words, number, percent, school_year, score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from markupsafe import Markup

    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
    from subgroup_pipeline.desk.dashboard.trend import TrendRow
    from subgroup_pipeline.portal.reports_address import Asked

MEASURES: dict[str, tuple[str, Callable[[TrendRow], float | None], Callable[[float], str]]] = {
    "": ("Share of students", lambda row: row.student_share, percent),
    "students": ("Number of students", lambda row: row.student_count, lambda count: number(round(count))),
    "mean": ("Mean score", lambda row: row.mean_score_pct, score),
}
"""What can be followed, by its name in the address: in words, of a row, and as it is written."""


def trend_view(shown: ShownRows, entity: Entity, asked: Asked) -> Content:
    """The values of one subgroup, the first of the settings if none is chosen, in all months or in one school year."""
    subgroups = list_subgroups(shown)
    chosen = next((one for one in subgroups if one.subgroup == asked.of), subgroups[0] if subgroups else None)
    every = trend_of(shown, entity, chosen.subgroup) if chosen else []
    years = sorted({row.school_year for row in every if row.school_year}, reverse=True)
    rows = last_of_each([row for row in every if asked.year not in years or row.school_year == asked.year], asked.step)
    words, measure, says = MEASURES.get(asked.measure, MEASURES[""])
    months = sorted({row.month for row in rows})
    labels = {row.value: row.value_label for row in rows}
    cells = {(row.month, row.value): measure(row) for row in rows}
    return Content(
        [Part("rpt_trend_subgroup", rows)],
        {
            "subgroups": subgroups,
            "chosen": chosen,
            "years": years,
            "measures": MEASURES,
            "words": words,
            "labels": labels,
            "term_of": {row.month: row.term for row in rows},
            "months": [(month, [_said(cells.get((month, value)), says) for value in labels]) for month in reversed(months)],
            "chart": _chart(rows, labels, cells, says, f"{words} over time. The table has the same numbers.", asked.step),
        },
    )


def _said(cell: float | None, says: Callable[[float], str]) -> str:
    return "-" if cell is None else says(cell)


def _chart(
    rows: Sequence[TrendRow],
    labels: dict[str, str],
    cells: dict[tuple[date, str], float | None],
    says: Callable[[float], str],
    about: str,
    step: str,
) -> Markup | str:
    """Lines for the values that most students have now; nothing where there is one month only."""
    years = {row.month: row.school_year for row in rows}
    if len(years) < 2:
        return ""
    months = sorted(years) if step in ("term", "year") else months_between(min(years), max(years))
    newest = max(years)
    size = {row.value: row.student_count for row in rows if row.month == newest}
    largest = sorted(labels, key=lambda value: -size.get(value, 0))[:MOST_LINES]
    lines = [Line(labels[value], [cells.get((month, value)) for month in months]) for value in labels if value in largest]
    terms = {row.month: row.term for row in rows if row.term and step == "term"}
    return line_chart(lines, _ticks(months, years, terms), says, about)


def _ticks(months: Sequence[date], years: dict[date, str | None], terms: dict[date, str]) -> list[Tick]:
    """Months, or the terms that they stand for, with the beginnings of school years marked."""
    ticks, before = [], years[months[0]]
    for month in months:
        year = years.get(month, before)
        begins = school_year(year) if year and year != before else ""
        ticks.append(Tick(terms.get(month) or month_words(month), begins))
        before = year
    return ticks
