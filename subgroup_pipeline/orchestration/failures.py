"""Why a run failed, in words that hold no student's value: our own errors as they are, any other by its class and its step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline import errors
from subgroup_pipeline.disk import full_disk, is_full_disk

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dagster as dg
    from dagster_shared.error import SerializableErrorInfo

    from subgroup_pipeline.home import Home

BUSY = errors.WarehouseBusyError.__name__


def causes(events: Sequence[dg.DagsterEvent], home: Home) -> list[tuple[str, str]]:
    """Class and words of what failed, steps first; `home` is where the disk may be full."""
    failed: list[tuple[str | None, SerializableErrorInfo | None]]
    failed = [(event.step_key, event.step_failure_data.error) for event in events if event.is_step_failure]
    failed += [(None, e.job_failure_data.error) for e in events if e.is_job_failure and e.job_failure_data]
    return [_in_words(step, error, home) for step, error in failed if error is not None]


def _in_words(step: str | None, error: SerializableErrorInfo, home: Home) -> tuple[str, str]:
    while error.cause is not None:
        error = error.cause
    name = (error.cls_name or "an error").rpartition(".")[2]
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, errors.SubgroupsError):
        # Dagster keeps what Python would print: the class with its path, a colon, and the message.
        return name, error.message.strip().partition(": ")[2]
    if is_full_disk(error.message, home):
        return errors.DiskFullError.__name__, str(full_disk(home))
    return name, f"the step `{step}` failed with {name}" if step else f"the run failed with {name}"
