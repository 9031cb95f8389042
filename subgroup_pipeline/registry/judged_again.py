"""Which deliveries are judged again without a person's word: those that other settings or rules held or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.registry.ledger import advance, latest_deliveries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.orm import Session


def judge_changed_again(session: Session, versions: Mapping[str, int], rules: Callable[[], str]) -> int:
    """Queue each feed's latest delivery again when it was held or rejected under other settings or rules; gives how many.

    `versions` are the settings versions in force, by district; `rules` gives the version of the rules in force, which
    takes a moment to make and is asked for only when it is needed.
    """
    queued = 0
    for latest in latest_deliveries(session, versions):
        if latest.state not in ("held", "rejected") or latest.proof is None or latest.rules_version is None:
            continue
        if latest.decision == "rejected":  # by a person, whose word outlives a change of settings
            continue
        if (latest.settings_version, latest.rules_version) != (versions[latest.district_id], rules()):
            advance(session, latest, "screened", reason="settings or rules have changed")
            queued += 1
    return queued
