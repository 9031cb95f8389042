"""The order of problems: root causes first, under each what may follow from it (school, class, user, enrollment, subgroup)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.registry.schema import FindingRow

SEVERITIES = ("fatal", "hold", "error", "warning", "info")

_FILES = ("manifest.csv", "orgs.csv", "academicSessions.csv", "courses.csv", "classes.csv", "users.csv", "enrollments.csv")
"""Parents before children; other files come last."""

PARENT_FILE = {
    "REF101": "orgs.csv",
    "REF102": "courses.csv",
    "REF103": "orgs.csv",
    "REF104": "academicSessions.csv",
    "REF105": "classes.csv",
    "REF106": "users.csv",
    "REF107": "orgs.csv",
    "REF108": "users.csv",
    "REF109": "classes.csv",
}
"""A reference that leads nowhere, and the file whose missing rows can be why."""

PARENT_CODES = {"SUB503": ("SUB508",), "SUB507": ("SUB508", "SUB503"), "ROW002": ("ROW003",)}
"""A problem that another of the same file says more of."""

_KEEPS_ROWS = ("KEY002",)
"""Grave, but all rows are still there, so nothing is missing because of it."""


def in_order(findings: Sequence[FindingRow]) -> list[tuple[FindingRow, FindingRow | None]]:
    """Findings with the one that each follows from: the gravest first, then parents, then by rows; children after their root."""
    root_of = {finding.finding_id: _root(finding, findings) for finding in findings}
    children: dict[int, list[FindingRow]] = defaultdict(list)
    for finding in findings:
        if (root := root_of[finding.finding_id]) is not None:
            children[root.finding_id].append(finding)
    ordered: list[tuple[FindingRow, FindingRow | None]] = []
    for root in sorted((f for f in findings if root_of[f.finding_id] is None), key=_place):
        ordered.append((root, None))
        ordered += [(child, root) for child in sorted(children[root.finding_id], key=_place)]
    return ordered


def _place(finding: FindingRow) -> tuple[int, int, int, int]:
    file = _FILES.index(finding.file) if finding.file in _FILES else len(_FILES)
    return SEVERITIES.index(finding.severity), file, -(finding.count or 0), finding.finding_id


def _root(finding: FindingRow, findings: Sequence[FindingRow]) -> FindingRow | None:
    """Follow the parents up to one that has none. It ends: a parent is of an earlier file, or says more of the same."""
    parent = _parent(finding, findings)
    while parent is not None and (above := _parent(parent, findings)) is not None:
        parent = above
    return parent


def _parent(finding: FindingRow, findings: Sequence[FindingRow]) -> FindingRow | None:
    file, codes = PARENT_FILE.get(finding.code), PARENT_CODES.get(finding.code, ())
    same_file = [other for other in findings if other.file == finding.file and other.code in codes]
    file_before = [other for other in findings if other.file == file != finding.file and _removes_rows(other)] if file else []
    return min([*same_file, *file_before], key=_place, default=None)


def _removes_rows(finding: FindingRow) -> bool:
    return finding.severity in ("fatal", "hold", "error") and finding.code not in _KEEPS_ROWS
