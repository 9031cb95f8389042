"""What a night leaves in Dagster: each district's verdict on its own partition, checks in counts, nothing of students."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import DagsterEventType
from night import small_district as small
from night.installation import zip_of

from orchestration.conftest import Ran
from subgroup_pipeline.orchestration.district_delivery import KEY

pytestmark = pytest.mark.xdist_group("orchestration")


def _materializations(ran: Ran) -> dict[tuple[str, str], dict[str, Any]]:
    """Metadata of the night's materializations of `district_delivery`, by district and feed."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for record in ran.instance.all_logs(ran.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION):
        event = record.get_dagster_event()
        if event.asset_key == KEY:
            metadata = {name: value.value for name, value in event.step_materialization_data.materialization.metadata.items()}
            found[str(event.partition), str(metadata["feed"])] = metadata
    return found


def _evaluations(ran: Ran) -> list[dg.AssetCheckEvaluation]:
    records = ran.instance.all_logs(ran.run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION)
    return [record.get_dagster_event().asset_check_evaluation_data for record in records]


def test_each_district_is_a_partition(ran: Ran) -> None:
    partitions = set(ran.instance.get_dynamic_partitions("district"))
    assert partitions >= {"fine", "odd"}
    assert "quiet" not in partitions


def test_a_delivery_materializes_its_districts_partition_with_counts_and_codes(ran: Ran) -> None:
    found = _materializations(ran)
    report = found["fine", "roster"].pop("report")
    assert Path(report).read_text().startswith("<!doctype html>")
    assert found["fine", "roster"] | {"delivery_id": "", "data_docs": ""} == {
        "delivery_id": "",
        "feed": "roster",
        "state": "accepted",
        "verdict": "accepted",
        "findings": "ENR106",
        "data_docs": "",
        "dagster/row_count": 28,
        "rows_set_aside": 0,
    }
    assert found["fine", "subgroups"]["dagster/row_count"] == 10
    assert (found["odd", "roster"]["verdict"], found["odd", "roster"]["findings"]) == ("held", "ENR106, KEY002, REF106")


def test_the_verdict_is_evaluated_on_the_districts_partition(ran: Ran) -> None:
    verdicts: dict[str, list[bool]] = {}
    for evaluation in _evaluations(ran):
        if evaluation.check_name == "verdict":
            assert evaluation.asset_key == KEY
            verdicts.setdefault(str(evaluation.partition), []).append(evaluation.passed)
    assert {district: all(passed) for district, passed in verdicts.items()} | {"torn": False} == {
        "fine": True,
        "odd": False,
        "torn": False,
    }


def test_a_delivery_that_is_rejected_before_it_lands_is_reported_too(ran: Ran) -> None:
    """Else the district's partition goes on showing the last good verdict."""
    assert [d["verdict"] for d in ran.installation.deliveries("torn")] == ["rejected"]
    assert _materializations(ran).get(("torn", "roster"), {}).get("verdict") == "rejected"
    assert [e.passed for e in _evaluations(ran) if e.check_name == "verdict" and e.partition == "torn"] == [False]


def test_a_check_is_a_family_of_rules_on_a_table_with_counts_that_plot(ran: Ran) -> None:
    evaluations = {(e.asset_key.path[1], e.check_name): e for e in _evaluations(ran) if e.asset_key.path[0] == "raw"}
    assert len(evaluations) > 30
    for evaluation in evaluations.values():
        metadata = {name: value.value for name, value in evaluation.metadata.items()}
        assert set(metadata) == {"failing_districts", "failing_deliveries", "failing_rows", "findings", "data_docs"}
        assert {type(metadata[name]) for name in metadata if name.startswith("failing_")} == {int}
        assert evaluation.passed == (metadata["failing_rows"] == 0) == (metadata["findings"] == "none")
        assert metadata["data_docs"].endswith("data_docs/index.html")
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


def test_the_check_can_be_asked_again_for_one_district(ran: Ran) -> None:
    everything = ran.defs.resolve_implicit_global_asset_job_def()
    asked = everything.get_subset(asset_check_selection={dg.AssetCheckKey(KEY, "verdict")})
    result = asked.execute_in_process(instance=ran.instance, tags={"dagster/partition": "odd"})
    (evaluation,) = result.get_asset_check_evaluations()
    assert (evaluation.passed, evaluation.partition) == (False, "odd")
    assert {name: value.value for name, value in evaluation.metadata.items()} == {"roster": "held"}


@pytest.mark.slow
def test_a_district_that_mends_its_roster_turns_green(ran: Ran) -> None:
    ran.installation.drop("odd", "roster", {"roster.zip": zip_of(small.roster(11))})
    result = ran.installation.night("odd")
    mended = Ran(ran.installation, result.run_id, ran.instance, ran.defs)
    assert _materializations(mended)["odd", "roster"]["verdict"] == "accepted"
    assert [d["state"] for d in ran.installation.deliveries("odd")] == ["superseded", "published"]
