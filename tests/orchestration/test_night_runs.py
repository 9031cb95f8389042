"""What counts as a night: where its run shows, what its tags say, and what a person starts with a button beside it."""

from __future__ import annotations

import dagster as dg
import pytest
from dagster._core.errors import DagsterInvalidSubsetError

from subgroup_pipeline.orchestration.instance import MODULE
from subgroup_pipeline.orchestration.night_runs import is_night, night_config, night_tags
from subgroup_pipeline.registry.nights import last_night
from tests.orchestration.conftest import Ran

pytestmark = pytest.mark.xdist_group("orchestration")


def _run(ran: Ran) -> dg.DagsterRun:
    run = ran.instance.get_run_by_id(ran.run_id)
    assert run
    return run


def _start(ran: Ran, *assets: str, checks: set[dg.AssetCheckKey] | None = None) -> dg.ExecuteInProcessResult:
    """What a button of the UI starts: a job with a selection of assets or of checks."""
    selected = ran.defs.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection={dg.AssetKey.from_user_string(key) for key in assets}, asset_check_selection=checks
    )
    return selected.execute_in_process(instance=ran.instance, raise_on_error=False, run_config=night_config([], wait=False))


def test_a_run_of_the_command_line_is_on_the_timeline(ran: Ran) -> None:
    """The timeline leaves out runs without a code location."""
    origin = _run(ran).remote_job_origin
    assert origin
    assert (origin.location_name, origin.repository_origin.repository_name, origin.job_name) == (
        MODULE,
        "__repository__",
        "night",
    )


def test_its_tags_say_what_started_it_for_whom_and_what_came_of_it(ran: Ran) -> None:
    tags = _run(ran).tags
    assert {name: tags.get(name) for name in ("trigger", "districts")} == {"trigger": "cli", "districts": "all"}
    verdicts = {name: count for name, count in tags.items() if name.startswith("verdict/")}
    assert verdicts == {"verdict/accepted": "2", "verdict/held": "1", "verdict/rejected": "1"}


def test_every_way_to_start_a_night_is_tagged(ran: Ran) -> None:
    schedule, job = ran.defs.resolve_schedule_def("nightly_publish"), ran.defs.resolve_job_def("night")
    assert (schedule.tags["trigger"], job.tags["trigger"]) == ("schedule", "person")
    assert night_tags("sensor", [f"d{n}" for n in range(40)])["districts"] == "d0, d1, d2, d3, d4 and 35 more"


def test_a_run_of_chosen_assets_or_checks_is_no_night() -> None:
    """The UI starts both with the job's own name."""
    first, last = dg.AssetKey("archived_deliveries"), dg.AssetKey("published_snapshot")
    check = dg.AssetCheckKey(dg.AssetKey("district_delivery"), "verdict")
    assert is_night(dg.DagsterRun("night"))
    assert is_night(dg.DagsterRun("night", asset_selection=frozenset({first, last})))
    assert not is_night(dg.DagsterRun("night", asset_selection=frozenset({last})))
    assert not is_night(dg.DagsterRun("night", asset_selection=frozenset(), asset_check_selection=frozenset({check})))
    assert not is_night(dg.DagsterRun("__ASSET_JOB"))


def test_a_mart_is_not_materialized_alone(ran: Ran) -> None:
    """The UI asks which assets go with one, and offers no button for a check that cannot be executed alone."""
    graph = ran.defs.resolve_asset_graph()
    mart = graph.get(dg.AssetKey(["marts", "dim_school"]))
    assert {key.path[0] for key in mart.execution_set_asset_keys} == {"staging", "intermediate", "marts"}
    with pytest.raises(DagsterInvalidSubsetError, match="does not support subsetting"):
        _start(ran, "marts/dim_school")


@pytest.mark.slow
def test_what_a_person_starts_works_and_is_never_the_night(ran: Ran) -> None:
    with ran.installation.registry.begin() as session:
        before = last_night(session)
    published = ran.installation.ask("select * from marts.dim_district")
    models = {
        spec.key.to_user_string()
        for spec in ran.defs.resolve_all_asset_specs()
        if spec.key.path[0] in ("staging", "intermediate", "marts")
    }
    started = [
        _start(ran, *models),
        _start(ran, checks={dg.AssetCheckKey(dg.AssetKey("district_delivery"), "verdict")}),
        *(_start(ran, key) for key in ("archived_deliveries", "delivery_verdict", "run_scope", "upkeep", "error_reports")),
        _start(ran, "published_snapshot"),
    ]
    assert [result.success for result in started] == [True] * len(started)
    assert not any(is_night(result.dagster_run) for result in started)
    assert is_night(_run(ran))
    check = dg.AssetCheckKey(dg.AssetKey("district_delivery"), "verdict")
    shown = ran.instance.event_log_storage.get_latest_asset_check_execution_by_key([check])[check]
    assert shown.status.value == "FAILED", "odd and torn still wait"
    with ran.installation.registry.begin() as session:
        after = last_night(session)
    assert before
    assert after
    assert after.ended_at == before.ended_at
    assert ran.installation.ask("select * from marts.dim_district") == published
