"""A failed night is noted, and what is past its time leaves all the same; a failed run that was no night is neither."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from subgroup_pipeline.orchestration.triggers import build_failure_sensor
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.nights import last_night
from subgroup_pipeline.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home")


def _failed(job_name: str, settings: Settings) -> dg.RunRequest | dg.SkipReason:
    """What the sensor says of a run of this job that failed."""

    @dg.op
    def break_off() -> None:
        raise ValueError("it broke")

    @dg.job(name=job_name)
    def job() -> None:
        break_off()

    sensor = build_failure_sensor(job, settings)  # type: ignore[arg-type]
    with dg.instance_for_test() as instance:
        run = job.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            sensor_name=sensor.name,
            dagster_instance=instance,
            dagster_run=run.dagster_run,
            dagster_event=run.get_run_failure_event(),
        )
        said = sensor(context.for_run_failure())
    assert isinstance(said, dg.RunRequest | dg.SkipReason)
    return said


def _noted(settings: Settings) -> str | None:
    registry: Registry = open_registry(settings)
    try:
        with registry.begin() as session:
            night = last_night(session)
            return night.in_words if night else None
    finally:
        registry.close()


def test_upkeep_runs_after_a_night_that_failed(settings: Settings) -> None:
    said = _failed("night", settings)
    assert isinstance(said, dg.RunRequest)
    assert said.asset_selection == [dg.AssetKey("upkeep")]
    assert _noted(settings) == "failed: the step `break_off` failed with ValueError"


def test_another_run_that_fails_is_no_night(settings: Settings) -> None:
    assert isinstance(_failed("other", settings), dg.SkipReason)
    assert _noted(settings) is None
