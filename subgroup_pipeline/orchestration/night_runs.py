"""Which runs are nights, and what every night is started with: job, config, and tags for whoever reads the list of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Sequence

JOB = "night"
_FIRST, _LAST = dg.AssetKey("archived_deliveries"), dg.AssetKey("published_snapshot")
_MOST_NAMES = 5


def is_night(run: dg.DagsterRun) -> bool:
    """Whether a run is a night: the job from fetching to publishing, for all districts or some.

    A person who materializes one asset or executes one check in the UI starts a run of the same job with a selection;
    such a run says nothing about the night.
    """
    if run.asset_selection:
        return run.job_name == JOB and {_FIRST, _LAST} <= run.asset_selection
    return run.job_name == JOB and not run.asset_check_selection


def night_config(districts: Sequence[str], *, wait: bool) -> dict[str, Any]:
    """Run config of a night for these districts (none: all); `wait` for another run to end."""
    return {"resources": {"districts": {"config": {"only": list(districts)}}, "warehouse": {"config": {"wait": wait}}}}


def night_tags(trigger: str, districts: Sequence[str]) -> dict[str, str]:
    """Tags of a night: what started it (schedule, sensor, cli), and for which districts; verdicts join them on the way."""
    names = ", ".join(districts[:_MOST_NAMES])
    more = f" and {len(districts) - _MOST_NAMES} more" if len(districts) > _MOST_NAMES else ""
    return {"trigger": trigger, "districts": names + more or "all"}
