"""What Dagster remembers of runs, as upkeep clears it: a run with its events, and what its steps printed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import dagster as dg

from subgroup_pipeline.orchestration.district_delivery import PARTITIONS

if TYPE_CHECKING:
    from datetime import datetime

    from subgroup_pipeline.settings import Settings

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


class DagsterHistory:
    """The runs of one Dagster instance, in whichever database it keeps them."""

    def __init__(self, instance: dg.DagsterInstance, settings: Settings) -> None:
        self._instance = instance
        self._dagster = settings.paths.dagster

    def runs_before(self, moment: datetime) -> list[str]:
        """Ids of runs that ended and were created before, oldest first."""
        past = dg.RunsFilter(statuses=_FINISHED, created_before=moment)
        return [record.dagster_run.run_id for record in self._instance.get_run_records(past, ascending=True)]

    def forget(self, run_id: str) -> None:
        """Remove a run with its events; on SQLite its events are in a file of its own, which Dagster leaves behind empty.

        The run goes last, so that one whose removal was killed is found again.
        """
        self._instance.event_log_storage.delete_events(run_id)
        for log in ("", "-wal", "-shm"):
            (self._dagster / "history" / "runs" / f"{run_id}.db{log}").unlink(missing_ok=True)
        shutil.rmtree(self._dagster / "storage" / run_id, ignore_errors=True)
        self._instance.run_storage.delete_run(run_id)

    def partitions_of(self, district_id: str) -> list[str]:
        """The partitions of `district_delivery` that stand for a district's feeds."""
        known = self._instance.get_dynamic_partitions(PARTITIONS)
        return [partition for partition in known if partition.partition("/")[0] == district_id]

    def forget_partition(self, partition: str) -> None:
        """Remove a partition; what was reported to it leaves with the runs that reported."""
        self._instance.delete_dynamic_partition(PARTITIONS, partition)
