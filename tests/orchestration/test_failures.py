"""What is said of a run that failed: our own words as they are, nothing of anybody else's message."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from subgroup_pipeline.errors import WarehouseBusyError
from subgroup_pipeline.home import Home
from subgroup_pipeline.orchestration.failures import BUSY, causes


@pytest.mark.parametrize(
    ("raised", "name", "words"),
    [
        (WarehouseBusyError("held by process 7: another run"), BUSY, "held by process 7: another run"),
        (ValueError("could not convert 'Ana Ruiz'"), "ValueError", "the step `land` failed with ValueError"),
    ],
    ids=["ours", "another's"],
)
def test_a_failure_in_words(raised: Exception, name: str, words: str, tmp_path: Path) -> None:
    @dg.op
    def land() -> None:
        raise raised

    @dg.job
    def night() -> None:
        land()

    result = night.execute_in_process(raise_on_error=False)
    assert causes(result.all_events, Home(tmp_path))[0] == (name, words)
