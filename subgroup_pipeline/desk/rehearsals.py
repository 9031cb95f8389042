"""What a night would say about a file that somebody uploads in the portal: `subgroups check` in a process of its own.

The process has limits of time and memory, one runs at a time in an installation, and the file is gone when it ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import resource
import secrets
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from subgroup_pipeline.desk.deliveries import ShownFinding
from subgroup_pipeline.errors import RehearsalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.settings import Settings

MOST_BYTES = 20 * 1024**2
SECONDS = 120.0
_MOST_MEMORY = 6 * 1024**3
"""Address space of the process, of which DuckDB reserves more than it uses; DuckDB itself is held to `_MEMORY`."""
_MEMORY = "1GB"
_GOODBYE = 5.0
"""Seconds in which a process that is stopped removes what it made."""


@dataclass(frozen=True)
class Rehearsed:
    """What a night would say: `outcome` in words; `verdict` is None for a file that would wait for another."""

    file_name: str
    feed: Feed
    verdict: str | None
    outcome: str
    would_be_used: bool
    findings: list[ShownFinding]
    not_checked: list[str]


def rehearse_upload(
    registry: Registry,
    settings: Settings,
    district_id: str,
    name: str,
    content: BinaryIO,
    *,
    actor: str,
    feed: Feed | None = None,
) -> Rehearsed:
    """Check a file without delivering it; `name` is what the browser calls it, which decides what it is taken for.

    Raises RehearsalError in words for a clerk: when it is too large, takes too long, is nothing that a night would take, or
    when another file is being checked.
    """
    with _turn(settings), _kept_for_now(settings, plain_name(name), content) as path:
        status, said, words = _run(settings, path, district_id, feed)
    if status not in (0, 1) or not said:
        raise RehearsalError(_refusal(words))
    rehearsed = _read(json.loads(said), path.name)
    detail = {"feed": rehearsed.feed, "verdict": rehearsed.verdict}
    registry.audit("check.answered", actor=actor, district_id=district_id, detail=detail)
    return rehearsed


def plain_name(name: str) -> str:
    """The last part of a file's name, without what could be a path, an option or a control character."""
    last = re.split(r"[\\/]", name)[-1]
    plain = "".join(character if character.isprintable() else "_" for character in last).strip()
    return plain[-120:].lstrip(".-") or "file"


@contextmanager
def _turn(settings: Settings) -> Iterator[None]:
    """Hold the one place there is for a check of this kind. Raises RehearsalError while somebody else has it."""
    folder = os.open(settings.paths.rehearsals, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RehearsalError("Another file is being checked just now. Try again in a minute.") from None
        yield
    finally:
        os.close(folder)


@contextmanager
def _kept_for_now(settings: Settings, name: str, content: BinaryIO) -> Iterator[Path]:
    """The file on disk, readable by us only, for as long as the block lasts. Raises RehearsalError when it is too large."""
    folder = settings.paths.rehearsals / secrets.token_hex(8)
    folder.mkdir(mode=0o700)
    try:
        with (folder / name).open("xb") as file:
            shutil.copyfileobj(content, file)
            if file.tell() > MOST_BYTES:
                raise RehearsalError(
                    f"This file is larger than {MOST_BYTES // 1024**2} MB. Put it into the folder check/ by SFTP instead; the "
                    "answer is written to outbox/checks/."
                )
        yield folder / name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(settings: Settings, path: Path, district_id: str, feed: Feed | None) -> tuple[int, str, str]:
    """Run the command; gives its status and what it printed."""
    command = [str(Path(sys.executable).parent / "subgroups"), "check", str(path), "--district", district_id, "--json"]
    environment = os.environ | {
        "SUBGROUPS_HOME": str(settings.paths.root),
        "SUBGROUPS_DATABASE_URL": settings.database_url.get_secret_value(),
        "SUBGROUPS_MEMORY_LIMIT": _MEMORY,
        "SUBGROUPS_THREADS": "1",
        "COLUMNS": "1000",
    }
    with subprocess.Popen(  # noqa: S603
        [*command, "--feed", feed] if feed else command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        with suppress(ProcessLookupError):  # it may be over already
            # The soft limit only: the processes that read the file give themselves narrower ones, and take them back.
            resource.prlimit(process.pid, resource.RLIMIT_AS, (_MOST_MEMORY, resource.RLIM_INFINITY))
        try:
            said, words = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            _stop(process)
            raise RehearsalError(
                "Checking this file takes too long here. Put it into the folder check/ by SFTP instead; the answer is written "
                "to outbox/checks/."
            ) from None
    return process.returncode, said, words


def _stop(process: subprocess.Popen[str]) -> None:
    """End a process and those it started; asked first, so that it removes the home it works in."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GOODBYE)


def _read(described: dict[str, Any], name: str) -> Rehearsed:
    check = described["check"]
    verdict = described["verdict"]
    return Rehearsed(
        file_name=name,
        feed=described["feed"],
        verdict=verdict,
        outcome=check["outcome"],
        would_be_used=verdict not in ("held", "rejected"),
        findings=[ShownFinding(**finding) for finding in described["findings"]],
        not_checked=check["not_checked"],
    )


def _refusal(words: str) -> str:
    """What the command said of a file that it did not take, without what is for a terminal."""
    said = " ".join(words.split())
    _, is_refused, reason = said.partition("Invalid value for FILE: ")
    if is_refused:
        return reason
    return "This file could not be checked here. Put it into the folder check/ by SFTP instead, or ask us."
