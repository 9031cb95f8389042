"""Stages of a run: what is counted where."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from subgroup_pipeline.stages import DAGSTER, measured_run, spent, stage


def _work(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_a_stage_within_another_counts_for_itself() -> None:
    with measured_run():
        with stage("outer"):
            _work(0.02)
            with stage("inner"):
                _work(0.06)
        took = spent()
    assert took["inner"].cpu >= 0.06
    assert 0.02 <= took["outer"].cpu < took["inner"].cpu
    assert took["inner"].wall >= 0.06
    assert DAGSTER in took


def test_a_stage_of_another_thread_takes_its_processor_time_along() -> None:
    with measured_run():
        with stage("fetch"), ThreadPoolExecutor(1) as threads:
            threads.submit(stage("registry")(_work), 0.06).result()
        took = spent()
    assert took["registry"].cpu >= 0.06
    assert took["registry"].wall == 0
    assert took["fetch"].cpu < 0.05
    assert took["fetch"].wall >= 0.06


def test_a_failure_ends_its_stage() -> None:
    with measured_run():
        with pytest.raises(ValueError, match="so"), stage("failing"):
            raise ValueError("so")
        with stage("after"):
            _work(0.02)
        assert spent()["failing"].cpu < 0.02


def test_a_run_forgets_the_one_before() -> None:
    with measured_run(), stage("of the first"):
        pass
    with measured_run():
        assert "of the first" not in spent()
