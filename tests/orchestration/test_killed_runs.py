"""Runs whose process was killed are ended by whoever comes next, and by the sensor of a living daemon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from subgroup_pipeline.orchestration.instance import open_instance
from subgroup_pipeline.orchestration.killed_runs import end_killed_runs
from subgroup_pipeline.settings import Settings, load_settings
from tests.support import small_district as small
from tests.support.command import SUBGROUPS, Shell, free_port
from tests.support.installation import keep_host_keys
from tests.support.waiting import waited

_HOLD = """
import sys
from subgroup_pipeline.orchestration.killed_runs import hold_run
from subgroup_pipeline.settings import load_settings
hold_run(load_settings(), sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SUBGROUPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", "")
    return load_settings()


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    with open_instance(settings) as opened:
        yield opened


def _started_run(instance: dg.DagsterInstance) -> str:
    @dg.job
    def night() -> None: ...

    run = instance.create_run_for_job(night)
    instance.report_run_canceling(run)  # an unfinished state that no process stands behind
    return run.run_id


def _status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run
    return run.status


def test_a_run_lives_as_long_as_its_process(instance: dg.DagsterInstance, settings: Settings) -> None:
    run_id = _started_run(instance)
    held = [sys.executable, "-c", _HOLD, run_id]
    with subprocess.Popen(held, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        assert end_killed_runs(instance, settings) == []
        assert _status(instance, run_id) is dg.DagsterRunStatus.CANCELING
        process.kill()
    assert end_killed_runs(instance, settings) == [run_id]
    assert _status(instance, run_id) is dg.DagsterRunStatus.FAILURE
    assert end_killed_runs(instance, settings) == []
    assert list((settings.paths.dagster / "runs").iterdir()) == []


def test_a_run_that_is_coming_up_is_left_alone(instance: dg.DagsterInstance, settings: Settings) -> None:
    run_id = _started_run(instance)
    assert end_killed_runs(instance, settings) == []
    assert _status(instance, run_id) is dg.DagsterRunStatus.CANCELING


@pytest.mark.torture
def test_the_daemon_goes_on_after_its_run_was_killed(tmp_path: Path) -> None:
    """The queue has one place: a killed run must not keep it."""
    environment = {"SUBGROUPS_SETTLE_SECONDS": "1"}
    environment |= {f"SUBGROUPS_{name}_PORT": str(free_port()) for name in ("DAGSTER", "WEB")}
    shell = Shell(tmp_path, environment)
    keep_host_keys(shell.home / "keys")
    assert shell.subgroups("district", "apply", shell.write("pine.yaml", small.settings("pine"))).status == 0
    with _everything_up(shell):
        _put(shell, "roster", small.roster())
        _put(shell, "subgroups", {"subgroups.csv": small.subgroups()})
        os.kill(int(waited(lambda: _holder(shell.home), 180)), signal.SIGKILL)
        _put(shell, "subgroups", {"again.csv": small.subgroups(9)})
        waited(lambda: _states(shell) == ["published", "published", "superseded"], 300, every=1)


def _states(shell: Shell) -> list[str]:
    return sorted(delivery["state"] for delivery in shell.subgroups("delivery", "list", "--json").data)


@contextmanager
def _everything_up(shell: Shell) -> Iterator[None]:
    """`subgroups up`, told to stop at the end, so that Dagster's processes stop with it."""
    with (shell.directory / "up.log").open("w") as log:
        command = [str(SUBGROUPS), "up"]
        with subprocess.Popen(command, cwd=shell.directory, env=shell.environment, stdout=log, stderr=log) as process:
            try:
                yield
            finally:
                process.terminate()
                process.wait(15)


def _put(shell: Shell, feed: str, files: Mapping[str, str]) -> None:
    inbox = shell.home / "sftp" / "pine" / "inbox" / feed
    inbox.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in files.items():
        (inbox / name).write_text(content)


def _holder(home: Path) -> str:
    lock = home / "warehouse" / "lock"
    return lock.read_text() if lock.exists() else ""
