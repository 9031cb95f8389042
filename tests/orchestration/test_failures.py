"""Which runs are nights, and what is said of one that failed: our own words as they are, nothing of anybody else's message."""

from __future__ import annotations

import dagster as dg
import pytest

from subgroup_pipeline.errors import WarehouseBusyError
from subgroup_pipeline.orchestration.failures import BUSY, causes, is_night

pytestmark = pytest.mark.xdist_group("orchestration_triggers")


def test_a_run_of_chosen_assets_is_no_night() -> None:
    assert is_night(dg.DagsterRun("night"), "night")
    assert not is_night(dg.DagsterRun("__ASSET_JOB"), "night")
    assert not is_night(dg.DagsterRun("night", asset_selection=frozenset({dg.AssetKey("raw_tables")})), "night")


@pytest.mark.parametrize(
    ("raised", "name", "words"),
    [
        (WarehouseBusyError("held by process 7: another run"), BUSY, "held by process 7: another run"),
        (ValueError("could not convert 'Ana Ruiz'"), "ValueError", "the step `land` failed with ValueError"),
    ],
    ids=["ours", "another's"],
)
def test_a_failure_in_words(raised: Exception, name: str, words: str) -> None:
    @dg.op
    def land() -> None:
        raise raised

    @dg.job
    def night() -> None:
        land()

    result = night.execute_in_process(raise_on_error=False)
    assert causes(result.all_events)[0] == (name, words)
