"""The report as one self-contained HTML page: no script, printable, readable on a phone (the template is beside this file)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from subgroup_pipeline.reports.words import SEVERITY_WORDS, size_words

if TYPE_CHECKING:
    from jinja2 import Template

    from subgroup_pipeline.reports.report import Report

ROWS_ON_PAGE = 200
"""More would take pages of paper; the CSV has them all."""


def as_html(report: Report) -> str:
    """The page. Every value of the report is escaped."""
    shown = report.rows[:ROWS_ON_PAGE]
    return _template().render(
        r=report,
        severity_words=SEVERITY_WORDS,
        size_words=size_words,
        rows=shown,
        rows_hidden=len(report.rows) - len(shown) + report.rows_not_listed,
        tone=_tone(report),
    )


def _tone(report: Report) -> str:
    """Which of three colours the verdict has; the words say the same."""
    if report.verdict == "rejected" or report.state in ("rejected", "held"):
        return "stop"
    return "look" if any(problem.severity != "info" for problem in report.problems) or report.verdict is None else "good"


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("subgroup_pipeline.reports", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")
