"""The catalogue of findings: the one table of codes, their severity, what they mean and how a clerk mends them.

A module holds the codes of one family. A code never changes its meaning. Severity decides the verdict (`quality.verdict`) and
the colour in Dagster: `fatal` rejects the delivery, `hold` keeps it for a person, `error` sets rows aside, `warning` and `info`
keep everything.
"""

from __future__ import annotations

from subgroup_pipeline.findings.catalogue import (
    csv_files,
    decisions,
    packages,
    roster,
    roster_changes,
    roster_values,
    subgroups,
    transport,
)
from subgroup_pipeline.findings.catalogue.code import FindingCode, Severity

__all__ = ["CATALOGUE", "FindingCode", "Severity", "severity_of"]

_FAMILIES = (transport, packages, csv_files, roster, roster_values, roster_changes, subgroups, decisions)

CATALOGUE: dict[str, FindingCode] = {entry.code: entry for family in _FAMILIES for entry in family.CODES}


def severity_of(code: str) -> Severity:
    """The severity of a code. Raises KeyError for a code that is not in the catalogue."""
    return CATALOGUE[code].severity
