"""The order of problems: causes first, under each what may follow from it (school, class, user, enrollment, guard, subgroup).

Findings of one code that have the same cause are one problem, whatever the number of columns and files it was found in.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import columns_of
from subgroup_pipeline.findings.severity import GRAVE, SEVERITIES
from subgroup_pipeline.warehouse.oneroster import file_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.registry.schema import FindingRow

_FILES = (
    "manifest.csv", "orgs.csv", "academicSessions.csv", "courses.csv", "classes.csv", "users.csv", "enrollments.csv",
    "lineItems.csv", "results.csv",
)  # fmt: skip
"""Parents before children; other files come last."""

PARENT_FILE = {
    "REF101": ("orgs.csv",),
    "REF102": ("courses.csv",),
    "REF103": ("orgs.csv",),
    "REF104": ("academicSessions.csv",),
    "REF105": ("classes.csv",),
    "REF106": ("users.csv",),
    "REF107": ("orgs.csv",),
    "REF108": ("users.csv",),
    "REF109": ("classes.csv",),
    "REF115": ("orgs.csv",),
    "ENR105": ("enrollments.csv",),
    "ENR106": ("enrollments.csv",),
    "ENR107": ("enrollments.csv",),
    "ENR108": ("classes.csv", "users.csv"),
    "GRD613": ("classes.csv",),
    "GRD621": ("lineItems.csv",),
    "GRD622": ("users.csv",),
    "GRD629": ("enrollments.csv",),
    "GRD631": ("classes.csv", "users.csv", "lineItems.csv"),
}
"""A record that is not found or cannot be used, and the files whose missing rows can be why."""

PARENT_CODES = {
    "SUB503": ("SUB508", "SUB525", "SUB527"),
    "SUB512": ("SUB525",),
    "SUB507": ("SUB508", "SUB514", "SUB520", "SUB524", "SUB525", "SUB527", "SUB503"),
    "SUB508": ("SUB510", "SUB511", "SUB514"),
    "SUB520": ("SUB508", "SUB513", "SUB514", "SUB521", "SUB524", "SUB525", "SUB527"),
    "ROW002": ("ROW003",),
    "STU601": ("VOC203", "VOC205", "VOC206"),
    "DAT301": ("DAT307",),
    "DAT309": ("DAT301", "VOC205"),
    "DAT308": ("DAT301", "VOC205"),
    "GRD603": ("GRD602",),
    "SUB540": ("SUB506", "SUB548", "HDR004"),
    "SUB541": ("SUB506", "SUB548"),
    "SUB547": ("SUB548",),
    "SUB543": ("HDR004",),
    "SUB544": ("HDR003",),
}
"""A problem that another of the same file, says more of."""

_OF_A_COLUMN = {"SUB506", "SUB548", "HDR003", "HDR004", "DAT307"}
"""Causes that reach no further than their column."""

COUNTS_SET_ASIDE = ("VOL309", "VOL310", "SUB523", "SUB524", "CLN702")
"""They say that rows were set aside; what set most of them aside is the cause."""

COUNTS_GONE = ("VOL301", "VOL302", "VOL303", "VOL304", "VOL305", "VOL311")
"""They say that records are gone; rows that were set aside are the cause when they make up half of these."""

_KEEPS_ROWS = ("KEY002", *COUNTS_SET_ASIDE)
"""Grave, but all rows are still there, or named by another finding: nothing is missing because of it."""


@dataclass(eq=False)
class Group:
    """Findings of one code that have one cause, and the group that this is."""

    code: str
    cause: Group | None = None
    findings: list[FindingRow] = field(default_factory=list)

    @property
    def place(self) -> tuple[int, int, int, int]:
        """For sorting: of its first finding."""
        return min(map(_place, self.findings))


def in_groups(findings: Sequence[FindingRow]) -> list[Group]:
    """Causes, the gravest first (by what follows from it, too), then by file and rows; each followed by what follows from it."""
    roots: dict[str, Group] = {}
    children: dict[str, dict[str, Group]] = defaultdict(dict)
    for finding in findings:
        root = _root(finding, findings)
        if root is None:
            roots.setdefault(finding.code, Group(finding.code)).findings.append(finding)
    for finding in findings:
        if (root := _root(finding, findings)) is not None:
            group = children[root.code].setdefault(finding.code, Group(finding.code, roots[root.code]))
            group.findings.append(finding)
    ordered: list[Group] = []
    for root_group in sorted(roots.values(), key=lambda group: _of_all(group, children[group.code])):
        ordered += [root_group, *sorted(children[root_group.code].values(), key=lambda group: group.place)]
    for group in ordered:
        group.findings.sort(key=_place)
    return ordered


def _of_all(root: Group, children: dict[str, Group]) -> tuple[int, tuple[int, int, int, int]]:
    return min(group.place[0] for group in (root, *children.values())), root.place


def _place(finding: FindingRow) -> tuple[int, int, int, int]:
    name = file_at(finding.file)
    file = _FILES.index(name) if name in _FILES else len(_FILES)
    return SEVERITIES.index(finding.severity), file, -(finding.count or 0), finding.finding_id


def _root(finding: FindingRow, findings: Sequence[FindingRow]) -> FindingRow | None:
    """Follow the parents up to one that has none. The walk ends, because a parent speaks of an earlier file or of more rows."""
    parent = _parent(finding, findings)
    while parent is not None and (above := _parent(parent, findings)) is not None:
        parent = above
    return parent


def _parent(finding: FindingRow, findings: Sequence[FindingRow]) -> FindingRow | None:
    if (said_more := _best(_named_causes(finding, findings))) is not None:
        return said_more
    removing = [other for other in findings if other is not finding and _removes_rows(other)]
    if finding.code in COUNTS_SET_ASIDE or finding.code in COUNTS_GONE:
        floor = (finding.count or 0) / 2 if finding.code in COUNTS_GONE else 0
        own = [
            other
            for other in removing
            if other.severity == "error" and finding.file in (None, other.file) and (other.count or 0) >= floor
        ]
        return max(own, key=lambda other: other.count or 0, default=None)
    before = PARENT_FILE.get(finding.code, ())
    return _best([other for other in removing if file_at(other.file) in before and other.file != finding.file])


def _named_causes(finding: FindingRow, findings: Sequence[FindingRow]) -> list[FindingRow]:
    return [
        other
        for other in findings
        if other.code in PARENT_CODES.get(finding.code, ())
        and other.file == finding.file
        and (finding.column in columns_of(other.column) or other.code not in _OF_A_COLUMN)
    ]


def _best(findings: Sequence[FindingRow]) -> FindingRow | None:
    return min(findings, key=_place, default=None)


def _removes_rows(finding: FindingRow) -> bool:
    return finding.severity in GRAVE and finding.code not in _KEEPS_ROWS
