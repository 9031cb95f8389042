"""What a night leaves in Dagster: each district's verdict on its own partition, checks in counts, nothing of students."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from dagster._core.events import DagsterEventType

from subgroup_pipeline.orchestration.district_delivery import KEY
from tests.orchestration.conftest import Ran
from tests.support import small_district as small
from tests.support.installation import zip_of

pytestmark = pytest.mark.xdist_group("orchestration")


def _reported(ran: Ran) -> dict[str, tuple[DagsterEventType, dict[str, Any]]]:
    """Kind and metadata of the night's events of `district_delivery`, by partition."""
    found: dict[str, tuple[DagsterEventType, dict[str, Any]]] = {}
    kinds = {DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_OBSERVATION}
    for record in ran.instance.all_logs(ran.run_id, of_type=kinds):
        event = record.get_dagster_event()
        if event.asset_key == KEY:
            is_new = event.event_type == DagsterEventType.ASSET_MATERIALIZATION
            said = event.step_materialization_data.materialization if is_new else event.asset_observation_data.asset_observation
            found[str(event.partition)] = (event.event_type, {name: value.value for name, value in said.metadata.items()})
    return found


def _verdicts(ran: Ran) -> dict[str | None, dg.AssetCheckEvaluation]:
    return {evaluation.partition: evaluation for evaluation in _evaluations(ran) if evaluation.check_name == "verdict"}


def _evaluations(ran: Ran) -> list[dg.AssetCheckEvaluation]:
    records = ran.instance.all_logs(ran.run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION)
    return [record.get_dagster_event().asset_check_evaluation_data for record in records]


def test_each_feed_of_a_district_that_delivered_is_a_partition(ran: Ran) -> None:
    partitions = set(ran.instance.get_dynamic_partitions("district_feed"))
    assert partitions == {"fine/roster", "fine/subgroups", "odd/roster", "torn/roster"}


def test_an_accepted_delivery_materializes_its_partition_with_counts_and_codes(ran: Ran) -> None:
    kind, found = _reported(ran)["fine/roster"]
    assert kind is DagsterEventType.ASSET_MATERIALIZATION
    delivery = ran.installation.deliveries("fine", "roster")[0]["delivery_id"]
    port = ran.installation.settings.web_port
    assert found == {
        "delivery_id": delivery,
        "state": "accepted",
        "verdict": "accepted",
        "dagster/row_count": 28,
        "rows_set_aside": 0,
        "report": f"http://127.0.0.1:{port}/d/fine/deliveries/{delivery}",
        "data_docs": f"http://127.0.0.1:{port}/data-docs/index.html",
    }
    assert _reported(ran)["fine/subgroups"][1]["dagster/row_count"] == 10


def test_a_feed_that_was_not_taken_is_observed_and_red(ran: Ran) -> None:
    """Held after checks, or rejected before it landed: a materialization would show green."""
    reported = _reported(ran)
    for partition, word in {"odd/roster": "held", "torn/roster": "rejected"}.items():
        kind, found = reported[partition]
        assert (kind, found["verdict"]) == (DagsterEventType.ASSET_OBSERVATION, word)
    assert {partition: evaluation.passed for partition, evaluation in _verdicts(ran).items()} == {
        "fine/roster": True,
        "fine/subgroups": True,
        "odd/roster": False,
        "torn/roster": False,
        None: False,
    }


def test_dagster_shows_the_state_of_every_partition_and_of_the_whole_check(ran: Ran) -> None:
    key = dg.AssetCheckKey(KEY, "verdict")
    stored = ran.instance.event_log_storage.get_asset_check_partition_info([key])
    shown = {info.partition_key: info.latest_execution_status.value for info in stored if info.is_current}
    assert {partition: shown.get(partition) for partition in ("fine/subgroups", "odd/roster")} == {
        "fine/subgroups": "SUCCEEDED",
        "odd/roster": "FAILED",
    }
    latest = ran.instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    assert (latest.partition, latest.status.value) == (None, "FAILED")


def test_the_check_names_districts_codes_and_lines_in_a_table(ran: Ran) -> None:
    metadata = _verdicts(ran)[None].metadata
    table = metadata["findings"]
    assert isinstance(table, dg.TableMetadataValue)
    columns = [column.name for column in table.schema.columns]
    rows = [tuple(record.data[name] for name in columns) for record in table.records]
    assert ("odd", "roster", "held", "KEY002", "hold", 2, "users.csv", "4, 5") in rows
    assert ("torn", "roster", "rejected", "HDR005", "fatal", 0, "orgs.csv", "") in rows
    assert {row[0] for row in rows} == {"odd", "torn"}
    assert {name: metadata[name].value for name in ("feeds", "feeds_held", "feeds_rejected")} == {
        "feeds": 4,
        "feeds_held": 1,
        "feeds_rejected": 1,
    }


def test_a_check_is_a_family_of_rules_on_a_table_with_counts_that_plot(ran: Ran) -> None:
    evaluations = {(e.asset_key.path[1], e.check_name): e for e in _evaluations(ran) if e.asset_key.path[0] == "raw"}
    declared = [key for key in ran.defs.resolve_asset_graph().asset_check_keys if key.asset_key.path[0] == "raw"]
    assert set(evaluations) == {(key.asset_key.path[1], key.name) for key in declared}
    for evaluation in evaluations.values():
        metadata = {name: value.value for name, value in evaluation.metadata.items()}
        assert set(metadata) == {"failing_districts", "failing_deliveries", "failing_rows", "findings", "data_docs"}
        assert {type(metadata[name]) for name in metadata if name.startswith("failing_")} == {int}
        assert evaluation.passed == (metadata["failing_rows"] == 0) == (metadata["findings"] == "none")
        assert str(metadata["data_docs"]).endswith("/data-docs/index.html")
    keys = evaluations["users", "keys"]
    assert (keys.passed, keys.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert {name: value.value for name, value in keys.metadata.items() if name != "data_docs"} == {
        "failing_districts": 1,
        "failing_deliveries": 1,
        "failing_rows": 2,
        "findings": "KEY002",
    }
    mild = evaluations["classes", "enrollment"]
    assert (mild.passed, mild.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_every_check_of_the_job_was_evaluated(ran: Ran) -> None:
    evaluated = {(e.asset_key, e.check_name) for e in _evaluations(ran)}
    planned = {(key.asset_key, key.name) for key in ran.defs.resolve_asset_graph().asset_check_keys}
    assert planned - evaluated == set()


@pytest.mark.slow
def test_a_district_that_mends_its_roster_turns_green(ran: Ran) -> None:
    ran.installation.drop("odd", "roster", {"roster.zip": zip_of(small.roster(11))})
    result = ran.installation.night("odd")
    mended = Ran(ran.installation, result.run_id, ran.instance, ran.defs)
    assert _reported(mended)["odd/roster"][1]["verdict"] == "accepted"
    assert _verdicts(mended)["odd/roster"].passed
    assert not _verdicts(mended)[None].passed, "torn still waits"
    assert [d["state"] for d in ran.installation.deliveries("odd")] == ["superseded", "published"]
