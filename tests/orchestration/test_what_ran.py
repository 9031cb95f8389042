"""What a run did not build or test it says nothing about; what another district fails stays red."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from dagster._core.events import DagsterEventType

from tests.orchestration.conftest import Ran
from tests.support import small_district as small
from tests.support.installation import zip_of

pytestmark = pytest.mark.xdist_group("orchestration")

_MODELS = ("staging", "intermediate", "marts")


def _models(ran: Ran) -> set[str]:
    return {spec.key.to_user_string() for spec in ran.defs.resolve_all_asset_specs() if spec.key.path[0] in _MODELS}


def _materialized(ran: Ran, run_id: str) -> set[str]:
    records = ran.instance.all_logs(run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION)
    return {key.to_user_string() for record in records if (key := record.get_dagster_event().asset_key)}


def _evaluated(ran: Ran, run_id: str) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
    records = ran.instance.all_logs(run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [record.get_dagster_event().asset_check_evaluation_data for record in records]
    return {(evaluation.asset_key.to_user_string(), evaluation.check_name): evaluation for evaluation in found}


def _counts(evaluation: dg.AssetCheckEvaluation) -> dict[str, Any]:
    return {name: value.value for name, value in evaluation.metadata.items() if name.startswith("failing_")}


def test_a_first_night_builds_and_tests_everything(ran: Ran) -> None:
    assert _materialized(ran, ran.run_id) >= _models(ran)


def test_each_model_is_told_of_when_it_was_built(ran: Ran) -> None:
    """The timeline shows each model's own time: their events are as far apart as their work was long."""
    records = ran.instance.all_logs(ran.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION)
    built = [
        (record.timestamp, float(str(event.step_materialization_data.materialization.metadata["seconds"].value)))
        for record in records
        if (event := record.get_dagster_event()).step_key == "dbt_models"
    ]
    assert len(built) == len(_models(ran))
    (first, _), (last, _) = built[0], built[-1]
    assert last - first > sum(seconds for _, seconds in built[1:]) / 2, (last - first, built)


def test_a_night_with_nothing_new_says_nothing_of_models_and_checks(ran: Ran) -> None:
    run_id = ran.installation.night().run_id
    materialized = _materialized(ran, run_id)
    assert "published_snapshot" in materialized
    assert [key for key in materialized if key.split("/")[0] in _MODELS] == []
    assert set(_evaluated(ran, run_id)) == {("district_delivery", "verdict")}


@pytest.mark.slow
def test_a_run_of_one_district_leaves_red_what_another_one_fails(ran: Ran) -> None:
    """`odd` is held for doubled users; then `fine` delivers a roster, and no subgroup file."""
    roster = small.roster(13)
    doubled = {**roster, "users.csv": roster["users.csv"].replace("s003,,", "s002,,")}
    ran.installation.drop("odd", "roster", {"roster.zip": zip_of(doubled)})
    ran.installation.night("odd")
    ran.installation.drop("fine", "roster", {"roster.zip": zip_of(small.roster(12))})
    run_id = ran.installation.night("fine").run_id
    evaluated = _evaluated(ran, run_id)
    keys = evaluated["raw/users", "keys"]
    assert not keys.passed
    assert _counts(keys) == {"failing_districts": 1, "failing_deliveries": 1, "failing_rows": 2}
    assert evaluated["raw/orgs", "keys"].passed
    assert [key for key in evaluated if key[0] == "raw/subgroup_row"] == []
    assert all(evaluation.passed for key, evaluation in evaluated.items() if key[0].startswith("marts/"))
    assert "marts/dim_student" in _materialized(ran, run_id)
