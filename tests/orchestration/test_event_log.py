"""Dagster's event log with files kept open: the same events in the same files, few files open, none after the instance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import DagsterEventType as Kind
from dagster._core.storage.event_log import SqliteEventLogStorage

from subgroup_pipeline.orchestration.event_log import EventLog, stored_together
from subgroup_pipeline.orchestration.instance import open_instance
from subgroup_pipeline.settings import Settings, load_settings

RUNS = 6


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load_settings(home=tmp_path / "home")
    settings.paths.make()
    return settings


@dg.asset(check_specs=[dg.AssetCheckSpec("whole", asset="plain")])
def plain() -> Iterator[dg.MaterializeResult[None]]:
    """Something that stores events of each kind: of a run, an asset and a check."""
    yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True, check_name="whole")])


def _open_files(directory: Path) -> set[str]:
    targets = [path.resolve() for path in Path("/proc/self/fd").iterdir()]
    return {path.name for path in targets if path.is_relative_to(directory) and path.suffix == ".db"}


def test_events_are_where_dagster_looks_for_them_and_few_files_stay_open(settings: Settings) -> None:
    shards = settings.paths.dagster / "history" / "runs"
    with open_instance(settings) as instance:
        assert isinstance(instance.event_log_storage, EventLog)
        runs = [dg.materialize([plain], instance=instance).run_id for _ in range(RUNS)]
        stored = {run: [record.event_log_entry for record in instance.get_records_for_run(run).records] for run in runs}
        assert len(_open_files(shards)) <= 4
        assert instance.get_latest_materialization_event(dg.AssetKey("plain")).run_id == runs[-1]  # type: ignore[union-attr]
    assert _open_files(shards) == set()
    plain_storage = SqliteEventLogStorage(str(shards))
    kinds = {Kind.ASSET_MATERIALIZATION, Kind.ASSET_CHECK_EVALUATION, Kind.RUN_SUCCESS}
    assert all(kinds <= {event.dagster_event_type for event in events} for events in stored.values())
    assert {run: plain_storage.get_logs_for_run(run) for run in runs} == stored
    with open_instance(settings) as instance:
        assert [len(instance.all_logs(run)) for run in runs] == [len(stored[run]) for run in runs]


def test_a_wiped_log_starts_anew(settings: Settings) -> None:
    with open_instance(settings) as instance:
        dg.materialize([plain], instance=instance)
        instance.wipe()
        assert instance.get_latest_materialization_event(dg.AssetKey("plain")) is None
        run = dg.materialize([plain], instance=instance).run_id
        assert instance.all_logs(run)


def test_events_that_are_stored_together_are_all_there_or_none_is(settings: Settings) -> None:
    def report(count: int) -> None:
        for n in range(count):
            instance.report_runless_asset_event(dg.AssetMaterialization("plain", partition=str(n)))

    def report_and_fail() -> None:
        with stored_together(instance):
            report(2)
            raise LookupError

    with open_instance(settings) as instance:
        with stored_together(instance):
            report(3)
            assert len(instance.fetch_materializations(dg.AssetKey("plain"), limit=10).records) == 3, "they see each other"
        with pytest.raises(LookupError):
            report_and_fail()
        assert len(instance.fetch_materializations(dg.AssetKey("plain"), limit=10).records) == 3
        report(1)
    with open_instance(settings) as instance:
        assert len(instance.fetch_materializations(dg.AssetKey("plain"), limit=10).records) == 4
