"""Reports without an installation: findings in the ledger's form, and reports with every part filled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from subgroup_pipeline.findings.catalogue import catalogue
from subgroup_pipeline.landing.failing_rows import FailingRow
from subgroup_pipeline.registry.schema import FindingRow
from subgroup_pipeline.reports.problems import problems_of
from subgroup_pipeline.reports.report import Contact, Counts, Problem, Report, ReportedFile, Row, Shown, Solved
from subgroup_pipeline.reports.words import contact_words


def finding(number: int, code: str, **places: Any) -> FindingRow:  # noqa: ANN401 - columns of the ledger
    entry = catalogue()[code]
    row: dict[str, Any] = {
        "file": None,
        "column": None,
        "count": None,
        "lines": [],
        "message": entry.what,
        "how_to_fix": entry.how_to_fix,
    }
    return FindingRow(finding_id=number, code=code, severity=entry.severity, **(row | places))


NOBODY = Contact(name="", mail="", phone="", in_words=contact_words("", "", ""))


def problems(
    *findings: FindingRow, kept: Sequence[FailingRow] = (), state: str = "held", contact: Contact = NOBODY
) -> list[Problem]:
    return problems_of(findings, kept, state, contact)


def row(**values: Any) -> Row:  # noqa: ANN401 - columns of a row
    plain = {
        "problem": 1, "file": "subgroups.csv", "line": 2, "record": 1, "column": "student_id", "code": "SUB503",
        "severity": "error", "message": catalogue()["SUB503"].what, "how_to_fix": catalogue()["SUB503"].how_to_fix,
        "row_key": "00123",
    }  # fmt: skip
    return Row(**(plain | values))


def report(**values: Any) -> Report:  # noqa: ANN401 - fields of a report
    plain: dict[str, Any] = {
        "delivery_id": "20261001T080000000000-abcdef",
        "district_id": "alpha",
        "district_name": "Made-up Alpha",
        "feed": "subgroups",
        "state": "published",
        "verdict": "accepted",
        "verdict_in_words": "Published.",
        "what_to_do": ["You do not have to do anything. Thank you!"],
        "received_at": "2026-10-01T08:00:00.000000Z",
        "received_local": "October 1, 2026 at 3:00 AM CDT",
        "files": [ReportedFile(name="subgroups.csv", size=1234, sha256="0123456789ab")],
        "counts": Counts(lines=11, rows=10, used=10, set_aside=0, duplicates=0, student_ids=10, matched=10),
        "changes": None,
        "solved": Solved(previous_delivery_id="20260930T080000000000-abcdef", before=415, solved=412, new=1),
        "shown": Shown(
            is_this_delivery=True, student_count=10, as_of_date="2026-10-01", published_at="2026-10-01T08:05:00.000000Z",
            in_words="10 students, counted on October 1, 2026.", roster_received_at="2026-10-01T08:00:00.000000Z",
            subgroups_received_at=None,
        ),
        "next_run": "October 2, 2026 at 3:00 AM CDT",
        "contact": NOBODY,
        "problems": [],
        "rows": [],
        "rows_not_listed": 0,
    }  # fmt: skip
    return Report(**(plain | values))
