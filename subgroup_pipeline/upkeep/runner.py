"""The one runner of upkeep: it goes through the table of policies, and removes what each finds past its time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.errors import SubgroupsError
from subgroup_pipeline.registry.damage import note_damage
from subgroup_pipeline.registry.ledger import PIPELINE
from subgroup_pipeline.stages import stage
from subgroup_pipeline.upkeep.policies import POLICIES, Policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.upkeep.leaving import Leaving
    from subgroup_pipeline.upkeep.places import Installation

ENDED = "upkeep.ended"


@dataclass(frozen=True)
class Cleared:
    """What left under a policy, or would leave: things and bytes. `fault` says what stopped it on the way, in words."""

    policy: Policy
    things: int = 0
    bytes: int = 0
    fault: str = ""


@stage("upkeep")
def run_upkeep(installation: Installation, *, dry_run: bool = False, policies: Sequence[Policy] = POLICIES) -> list[Cleared]:
    """Remove what is past its time, over all districts. The caller holds the warehouse, so that no run writes meanwhile.

    Never raises: a fault in one policy stops that policy, is noted in the audit log, and the others go on. With `dry_run`
    nothing is removed. Safe to repeat after a kill at any point: what was not removed is found again.
    """
    cleared = [_clear(policy, installation, dry_run=dry_run) for policy in policies]
    if not dry_run:
        _note(installation, cleared)
    return cleared


def _clear(policy: Policy, installation: Installation, *, dry_run: bool) -> Cleared:
    things = size = 0
    fault = ""
    try:
        for leaving in policy.past(installation):
            if not dry_run and (stayed := _remove(leaving)) is not None:
                fault = fault or _in_words(policy, stayed)
                continue
            things += leaving.things
            size += leaving.bytes
    except Exception as error:  # noqa: BLE001 - whatever stops one policy must not keep the others from clearing
        fault = fault or _in_words(policy, error)
    return Cleared(policy, things, size, fault)


def _remove(leaving: Leaving) -> Exception | None:
    """Remove one thing; gives what kept it, so that the next one still goes."""
    try:
        leaving.remove()
    except Exception as error:  # noqa: BLE001 - the same
        return error
    return None


def in_words(error: Exception) -> str:
    """A fault without anything that a file says: the words of other errors may quote a row."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error) if isinstance(error, SubgroupsError) else type(error).__name__


def _in_words(policy: Policy, error: Exception) -> str:
    what = in_words(error)
    return f"Upkeep of {policy.place} could not remove all ({what}). What is past its time there stays until the next night."


def _note(installation: Installation, cleared: Sequence[Cleared]) -> None:
    for one in cleared:
        if one.fault:
            note_damage(installation.registry, "upkeep", one.fault)
    left = {one.policy.name: {"things": one.things, "bytes": one.bytes} for one in cleared if one.things}
    if left:
        installation.registry.audit(ENDED, actor=PIPELINE, detail=left)
