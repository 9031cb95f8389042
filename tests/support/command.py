"""Running `subgroups` as a person does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.installation import keep_host_keys

SUBGROUPS = Path(sys.executable).parent / "subgroups"
REFUSED, USED_WRONGLY = 1, 2


@dataclass(frozen=True)
class Said:
    """What a command printed, and its status."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The one JSON value on stdout; fails when anything else stands there, or when it is not JSON."""
        return json.loads(self.out, parse_constant=_refuse)

    def refuses(self, *words: str, status: int = REFUSED) -> None:
        """Hold it against a refusal in words: status, nothing on stdout, no traceback, and these words on stderr."""
        assert (self.status, self.out) == (status, ""), self
        assert "Traceback" not in self.err, self.err
        for word in words:
            assert word in self.err, self.err


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@dataclass
class Shell:
    """A person's shell: a directory, and an environment with nothing of ours but the home and a port of its own."""

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("SUBGROUPS_", "DAGSTER_", "DBT_"))}
        home = {"SUBGROUPS_HOME": str(self.home), "SUBGROUPS_SFTP_PORT": str(free_port()), "SUBGROUPS_MEMORY_LIMIT": "2GB"}
        self.environment = mine | home | self.environment

    @property
    def home(self) -> Path:
        """Where the state lies."""
        return self.directory / "home"

    @property
    def port(self) -> str:
        """Of the SFTP server."""
        return self.environment["SUBGROUPS_SFTP_PORT"]

    def subgroups(self, *arguments: str, **environment: str) -> Said:
        """Run the command to its end."""
        done = subprocess.run(
            [str(SUBGROUPS), *arguments],
            cwd=self.directory,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def write(self, name: str, text: str) -> str:
        """Write a file into the directory; gives its name."""
        (self.directory / name).write_text(text)
        return name

    @contextmanager
    def up(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """`subgroups up` while the block runs; killed at its end if it still runs."""
        keep_host_keys(self.home / "keys")
        with subprocess.Popen(
            [str(SUBGROUPS), "up", *arguments], cwd=self.directory, env=self.environment, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr
            said = []
            for line in process.stderr:
                said.append(line)
                if "Ctrl-C" in line:
                    break
            else:
                pytest.fail("".join(said))
            try:
                yield process
            finally:
                process.kill()


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
