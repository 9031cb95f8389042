"""The code location: complete in what a person reads in the UI, and one job that is the night."""

from __future__ import annotations

import importlib
from pathlib import Path

import dagster as dg
import pytest

from subgroup_pipeline.build.dbt import prepared_manifest
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES
from tests.orchestration.conftest import Ran

pytestmark = pytest.mark.xdist_group("orchestration")


def _specs(ran: Ran) -> list[dg.AssetSpec]:
    return list(ran.defs.resolve_all_asset_specs())


def test_definitions_load(ran: Ran) -> None:
    dg.Definitions.validate_loadable(ran.defs)


def test_importing_the_code_location_does_nothing_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lists of commands and the workspace import it; loading it reads the settings and the manifest."""
    from subgroup_pipeline import definitions

    monkeypatch.setenv("SUBGROUPS_HOME", str(tmp_path / "home"))
    importlib.reload(definitions)
    assert list(tmp_path.iterdir()) == []
    assert isinstance(definitions.defs(), dg.Definitions)


def test_a_night_runs_for_the_settings_that_it_was_handed(ran: Ran) -> None:
    """The environment named another home meanwhile (conftest)."""
    assert not (ran.installation.settings.paths.root / "elsewhere").exists()


def test_every_asset_has_a_description_an_owner_a_group_and_kinds(ran: Ran) -> None:
    lacking = {
        spec.key.to_user_string(): what
        for spec in _specs(ran)
        for what, given in {
            "description": spec.description,
            "owners": spec.owners,
            "group": spec.group_name,
            "kinds": spec.kinds,
        }.items()
        if not given or given == "default"
    }
    assert lacking == {}


def test_every_stage_is_there(ran: Ran) -> None:
    keys = {spec.key.to_user_string() for spec in _specs(ran)}
    assert keys >= {f"raw/{table}" for table in RAW_TABLES}
    assert keys >= {"district_delivery", "archived_deliveries", "delivery_verdict", "run_scope", "published_snapshot"}
    assert keys >= {"marts/dim_district", "marts/rpt_student_subgroup", "staging/stg_user", "intermediate/int_student"}


def test_every_check_has_a_description(ran: Ran) -> None:
    graph = ran.defs.resolve_asset_graph()
    checked = {key.asset_key.path[-1] for key in graph.asset_check_keys}
    assert checked >= {"users", "subgroup_row", "district_delivery", "dim_student"}
    assert [key.to_user_string() for key in graph.asset_check_keys if not graph.get(key).description] == []


def test_every_data_test_of_the_models_is_a_check(ran: Ran) -> None:
    manifest = prepared_manifest(ran.installation.settings)
    tests = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    models = {"staging", "intermediate", "marts"}
    checks = {key.name for key in ran.defs.resolve_asset_graph().asset_check_keys if key.asset_key.path[0] in models}
    assert tests == checks


def test_every_table_of_the_warehouse_shows_its_columns(ran: Ran) -> None:
    tables = [spec for spec in _specs(ran) if spec.key.path[0] in ("raw", "staging", "intermediate", "marts")]
    assert [spec.key.to_user_string() for spec in tables if not spec.metadata["dagster/column_schema"].columns] == []
    latest = ran.instance.get_latest_materialization_event(dg.AssetKey(["staging", "stg_academic_session"]))
    assert latest
    assert latest.asset_materialization
    columns = latest.asset_materialization.metadata["dagster/column_schema"].value
    assert isinstance(columns, dg.TableSchema)
    types = {column.name: column.type for column in columns.columns}
    assert (types["session_id"], types["start_date"]) == ("VARCHAR", "DATE")
    assert {column.name for column in columns.columns if not column.description} == set()


def test_a_description_is_words_and_no_sql(ran: Ran) -> None:
    assert [spec.key.to_user_string() for spec in _specs(ran) if "```" in (spec.description or "")] == []


def test_the_launchpad_begins_with_the_districts_to_choose(ran: Ran) -> None:
    job = ran.defs.resolve_job_def("night")
    assert job.run_config == {"resources": {"districts": {"config": {"only": []}}, "warehouse": {"config": {"wait": True}}}}


def test_the_job_is_the_night_without_the_check_that_people_ask_for(ran: Ran) -> None:
    job = ran.defs.resolve_job_def("night")
    executed = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert executed == {spec.key.to_user_string() for spec in _specs(ran)} - {"district_delivery"}
    everywhere = ran.defs.resolve_asset_graph().asset_check_keys
    in_job = job.asset_layer.asset_graph.asset_check_keys
    assert [key.to_user_string() for key in everywhere - in_job] == ["district_delivery:verdict"]
    assert job.executor_def.name == "in_process"


def test_every_step_has_the_warehouse_so_that_its_run_holds_the_lock(ran: Ran) -> None:
    nodes = ran.defs.resolve_job_def("night").nodes
    inner = [op for node in nodes for op in (getattr(node.definition, "nodes", None) or [node])]
    assert [op.name for op in inner if "warehouse" not in op.definition.required_resource_keys] == []


def test_the_schedule_runs_when_and_where_the_settings_say(ran: Ran) -> None:
    schedule = ran.defs.resolve_schedule_def("nightly_publish")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 4 * * *", "America/Denver")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert schedule.job_name == "night"


def test_the_shipped_instance_starts_one_run_at_a_time_and_sends_nothing_home(ran: Ran) -> None:
    config = ran.instance.get_concurrency_config()
    assert config.run_queue_config is not None
    assert config.run_queue_config.max_concurrent_runs == 1
    assert ran.instance.telemetry_enabled is False
