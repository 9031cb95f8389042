"""Runs that Dagster remembers leave with their time: the run, its events, and what its steps printed."""

from __future__ import annotations

import dagster as dg
import pytest

from subgroup_pipeline.orchestration.dagster_history import DagsterHistory
from subgroup_pipeline.orchestration.instance import open_instance
from tests.support.place import Place
from tests.support.upkeep import clear


@dg.op
def _speak(context) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - Dagster reads annotations as they are written
    context.log_event(dg.AssetMaterialization("something"))


@dg.job
def _job() -> None:
    _speak()


def test_a_finished_run_leaves_whole_and_one_that_runs_stays(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    with open_instance(place.settings) as instance:
        ended = _job.execute_in_process(instance=instance).run_id
        running = instance.create_run_for_job(_job, status=dg.DagsterRunStatus.STARTED).run_id
        history = DagsterHistory(instance, place.settings)
        assert clear(place.settings, place.registry, days=89, history=history) == {}
        assert instance.all_logs(ended)
        assert clear(place.settings, place.registry, days=91, history=history) == {"run_history": 1}
        assert [run.run_id for run in instance.get_runs()] == [running]
        assert instance.fetch_materializations(dg.AssetKey("something"), limit=1).records == []
    assert not [path for path in place.settings.paths.dagster.rglob("*") if ended in str(path)]
