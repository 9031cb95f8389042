"""One verdict a delivery, from its findings alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from subgroup_pipeline.findings.severity import Severity
    from subgroup_pipeline.registry.ledger import State, Verdict


def verdict_of(severities: Iterable[Severity], *, is_approved: bool = False) -> Verdict:
    """Decide: a fatal finding rejects, one that wants a person holds unless one approved, one that sets rows aside says so."""
    found = set(severities)
    if "fatal" in found:
        return "rejected"
    if "hold" in found and not is_approved:
        return "held"
    return "accepted_with_rows_set_aside" if "error" in found else "accepted"


def state_of(verdict: Verdict) -> State:
    """The ledger state that a verdict leads to."""
    return "accepted" if verdict == "accepted_with_rows_set_aside" else verdict
