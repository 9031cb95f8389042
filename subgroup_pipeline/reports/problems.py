"""Findings as the problems and rows of a report: grouped, in order, with places, the words that stand there, and our address."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.catalogue import catalogue
from subgroup_pipeline.findings.finding import MOST_ROWS
from subgroup_pipeline.findings.severity import SEVERITIES
from subgroup_pipeline.landing.failing_rows import FailingRow
from subgroup_pipeline.reports.report import Contact, Place, Problem, Row, Value
from subgroup_pipeline.reports.root_causes import in_groups
from subgroup_pipeline.reports.words import contact_words, level_words, with_contact, without_backticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.registry.schema import FindingRow
    from subgroup_pipeline.settings import Settings

MOST_VALUES = 50
"""Different texts that a place lists; there may be as many as rows."""


def contact_of(settings: Settings) -> Contact:
    """Who is meant by "us" in this installation."""
    name, mail, phone = settings.contact_name, settings.contact_mail, settings.contact_phone
    return Contact(name=name, mail=mail, phone=phone, in_words=contact_words(name, mail, phone))


def problems_of(findings: Sequence[FindingRow], kept: Sequence[FailingRow], state: str, contact: Contact) -> list[Problem]:
    """Findings as the report shows them, in its order. `kept` are the rows behind them; `state` is the delivery's."""
    groups = in_groups(findings)
    number = {id(group): at for at, group in enumerate(groups, start=1)}
    rows = _by_place(kept)
    problems = []
    for group in groups:
        entry = catalogue()[group.code]
        places = [_place(finding, rows.get(_place_of(finding), ())) for finding in group.findings]
        counts = [place.count for place in places if place.count is not None]
        problems.append(
            Problem(
                number=number[id(group)],
                code=group.code,
                severity=group.findings[0].severity,
                level=level_words(group.findings[0].severity, state),
                count=sum(counts) if counts else None,
                places=places,
                message=entry.what if len(places) > 1 else without_backticks(group.findings[0].message),
                why=entry.why,
                how_to_fix=_addressed(group.findings[0].how_to_fix, contact),
                in_excel=_addressed(entry.in_excel, contact),
                example=entry.example,
                doc=f"docs/error-codes.md#{group.code.lower()}",
                follows_from=None if group.cause is None else number[id(group.cause)],
            )
        )
    return problems


def rows_of(problems: Sequence[Problem], findings: Sequence[FindingRow], kept: Sequence[FailingRow]) -> tuple[list[Row], int]:
    """The rows behind all problems, the gravest first, and how many more there are."""
    rows_at = _by_place(kept)
    problem_at = {(p.code, place.file or "", place.column or ""): p for p in problems for place in p.places}
    rows: list[Row] = []
    total = 0
    for finding in sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.finding_id)):
        at = _place_of(finding)
        _, file, column = at
        places = rows_at.pop(at, None)
        if places is None:
            places = [FailingRow(finding.code, file, line, None, column, "") for line in finding.lines]
        # What has neither line nor ID is counted by its problem alone.
        total += max(finding.count or 0, len(places)) if places else 0
        rows += [_row(problem_at[at], finding, place) for place in places]
    return rows[:MOST_ROWS], total - min(len(rows), MOST_ROWS)


def _row(problem: Problem, finding: FindingRow, place: FailingRow) -> Row:
    return Row(
        problem=problem.number,
        file=place.file,
        line=place.line,
        record=place.record,
        column=place.column,
        code=problem.code,
        severity=problem.severity,
        message=without_backticks(finding.message),
        how_to_fix=problem.how_to_fix,
        row_key=place.row_key,
        value=place.cell,
    )


def _addressed(text: str, contact: Contact) -> str:
    return with_contact(text, contact.name, contact.mail, contact.phone)


def _place_of(finding: FindingRow) -> tuple[str, str, str]:
    return finding.code, finding.file or "", finding.column or ""


def _by_place(kept: Sequence[FailingRow]) -> dict[tuple[str, str, str], list[FailingRow]]:
    by_place: dict[tuple[str, str, str], list[FailingRow]] = defaultdict(list)
    for row in kept:
        by_place[row.code, row.file, row.column].append(row)
    return by_place


def _place(finding: FindingRow, rows: Sequence[FailingRow]) -> Place:
    return Place(
        file=finding.file,
        column=finding.column,
        count=finding.count,
        lines=list(finding.lines),
        about=without_backticks(finding.message).removeprefix(catalogue()[finding.code].what).strip(),
        values=_values(rows),
    )


def _values(rows: Sequence[FailingRow]) -> list[Value]:
    """Texts that stand in the cells at fault, the most frequent first."""
    lines: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.cell and row.line is not None:
            lines[row.cell].append(row.line)
    by_count = sorted(lines.items(), key=lambda item: (-len(item[1]), item[1]))
    return [Value(text=text, count=len(found), lines=found[:3]) for text, found in by_count[:MOST_VALUES]]
