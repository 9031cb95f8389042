"""The children of `subgroups up`, Dagster's webserver and daemon and the noticeboard: started, started again, and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from subgroup_pipeline.cli.output import say

if TYPE_CHECKING:
    from subgroup_pipeline.settings import Settings

WEBSERVER, DAEMON = "dagster-webserver", "dagster-daemon"
NOTICEBOARD = "noticeboard"
_STOP_SECONDS = 5.0
_LONGEST_PAUSE = 60.0
_STEADY = 300.0
"""A child that lived so long starts over with the shortest pause when it ends."""


@dataclass
class _Child:
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes]
    since: float
    pause: float = 0.5
    begins_at: float | None = None


def start_dagster(settings: Settings) -> Children:
    """Start both processes. Their own words go to files under `logs`: the terminal is left for what districts do."""
    from subgroup_pipeline.orchestration.instance import MODULE

    module = ["-m", MODULE]
    web = ["--host", "127.0.0.1", "--port", str(settings.dagster_port), "--dagster-log-level", "warning"]
    programs = Path(sys.executable).parent
    commands = {
        WEBSERVER: [str(programs / WEBSERVER), *module, *web],
        DAEMON: [str(programs / DAEMON), "run", *module, "--log-level", "warning"],
    }
    # The children may run in another directory than the one a relative home was meant for.
    environment = os.environ | {"SUBGROUPS_HOME": str(settings.paths.root), "PYTHONWARNINGS": "ignore"}
    return Children(commands, environment, settings.paths.logs)


def start_noticeboard(settings: Settings) -> Children:
    """Start the noticeboard. It is told its folder, and nothing of the home: no setting, no secret, no path of ours."""
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
    command = [sys.executable, "-m", "subgroup_pipeline.noticeboard", str(settings.noticeboard_folder)]
    return Children({NOTICEBOARD: command}, environment, settings.paths.logs, settings.noticeboard_folder)


class Children:
    """Processes by name, each with a log of its own that begins anew with this object."""

    def __init__(
        self, commands: dict[str, list[str]], environment: dict[str, str], logs: Path, directory: Path | None = None
    ) -> None:
        self._environment = environment
        self._directory = directory
        self._children: dict[str, _Child] = {}
        for name, command in commands.items():
            log = logs / f"{name}.log"
            self._children[name] = _Child(command, log, self._start(command, log, "wb"), time.monotonic())

    def running(self) -> dict[str, bool]:
        """Which of them are alive."""
        return {name: child.process.poll() is None for name, child in self._children.items()}

    def process_ids(self) -> dict[str, int]:
        """The process ID of each."""
        return {name: child.process.pid for name, child in self._children.items()}

    def watch(self) -> None:
        """Start again what has ended, after a pause that grows while it goes on ending; to be called twice a second."""
        now = time.monotonic()
        for name, child in self._children.items():
            if child.begins_at is not None and now >= child.begins_at:
                child.process, child.since, child.begins_at = self._start(child.command, child.log, "ab"), now, None
            elif child.begins_at is None and child.process.poll() is not None:
                child.pause = 1.0 if now - child.since > _STEADY else min(2 * child.pause, _LONGEST_PAUSE)
                child.begins_at = now + child.pause
                ended = f"{name} ended with status {child.process.returncode}"
                say(f"{ended} and starts again in {child.pause:.0f} s; its words are in {child.log}")

    def stop(self) -> None:
        """End the children with what they started; kill what does not go."""
        for child in self._children.values():
            _signal_group(child.process, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while any(self.running().values()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in self._children.values():
            _signal_group(child.process, signal.SIGKILL)
            child.process.wait()

    def _start(self, command: list[str], log: Path, mode: str) -> subprocess.Popen[bytes]:
        with log.open(mode) as words:
            # A session of its own: a terminal's Ctrl-C reaches the parent only, which then stops its children in order.
            return subprocess.Popen(  # noqa: S603
                command, env=self._environment, cwd=self._directory, stdout=words, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
