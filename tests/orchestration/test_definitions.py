"""The code location: complete in what a person reads in the UI, and one job that is the night."""

from __future__ import annotations

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
    assert len(graph.asset_check_keys) > 60
    assert [key.to_user_string() for key in graph.asset_check_keys if not graph.get(key).description] == []


def test_every_data_test_of_the_models_is_a_check(ran: Ran) -> None:
    manifest = prepared_manifest(ran.installation.settings)
    tests = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    checks = {key.name for key in ran.defs.resolve_asset_graph().asset_check_keys if key.asset_key.path[0] == "marts"}
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
    assert job.run_config == {"resources": {"night": {"config": {"districts": [], "wait": True}}}}


def test_the_job_is_the_night_without_the_check_that_people_ask_for(ran: Ran) -> None:
    job = ran.defs.resolve_job_def("night")
    executed = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert executed == {spec.key.to_user_string() for spec in _specs(ran)} - {"district_delivery"}
    everywhere = ran.defs.resolve_asset_graph().asset_check_keys
    in_job = job.asset_layer.asset_graph.asset_check_keys
    assert [key.to_user_string() for key in everywhere - in_job] == ["district_delivery:verdict"]
    assert job.executor_def.name == "in_process"


def test_every_step_that_writes_the_warehouse_runs_in_its_pool(ran: Ran) -> None:
    job = ran.defs.resolve_job_def("night")
    assert {pool for node in job.nodes for pool in node.definition.pools} == {"warehouse"}
    assert [node.name for node in job.nodes if not node.definition.pools] == []


def test_the_schedule_runs_when_and_where_the_settings_say(ran: Ran) -> None:
    schedule = ran.defs.resolve_schedule_def("nightly_publish")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 4 * * *", "America/Denver")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert schedule.job_name == "night"


def test_the_shipped_instance_lets_one_step_write_and_sends_nothing_home(ran: Ran) -> None:
    config = ran.instance.get_concurrency_config()
    assert config.pool_config.default_pool_limit == 1
    assert str(config.pool_config.pool_granularity).lower().endswith("op")
    assert config.run_queue_config is not None
    assert config.run_queue_config.max_concurrent_runs == 1
    assert ran.instance.telemetry_enabled is False
