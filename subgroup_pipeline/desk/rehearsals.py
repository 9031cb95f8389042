"""What a night would say about a file that somebody uploads in the portal: `subgroups check` in a process of its own.

The process has limits of time and memory, one runs at a time in an installation, and the file is gone when it ends.
"""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from subgroup_pipeline.desk.deliveries import ShownFinding
from subgroup_pipeline.desk.limited_child import BusyError, TooSlowError, only_one, plain_name, run_limited
from subgroup_pipeline.errors import RehearsalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.settings import Settings

MOST_BYTES = 20 * 1024**2
SECONDS = 120.0
_BY_SFTP = "Put it into the folder check/ by SFTP instead; the answer is written to outbox/checks/."


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
    try:
        with only_one(settings.paths.rehearsals), _kept_for_now(settings, plain_name(name), content) as path:
            asked = ["check", f"--district={district_id}", "--json", *([f"--feed={feed}"] if feed else []), "--", str(path)]
            status, said, words = run_limited(settings, asked, SECONDS)
    except BusyError:
        raise RehearsalError("Another file is being checked just now. Try again in a minute.") from None
    except TooSlowError:
        raise RehearsalError(f"Checking this file takes too long here. {_BY_SFTP}") from None
    if status not in (0, 1) or not said:
        raise RehearsalError(_refusal(words))
    rehearsed = _read(json.loads(said), path.name)
    detail = {"feed": rehearsed.feed, "verdict": rehearsed.verdict}
    registry.audit("check.answered", actor=actor, district_id=district_id, detail=detail)
    return rehearsed


@contextmanager
def _kept_for_now(settings: Settings, name: str, content: BinaryIO) -> Iterator[Path]:
    """The file on disk, readable by us only, for as long as the block lasts. Raises RehearsalError when it is too large."""
    folder = settings.paths.rehearsals / secrets.token_hex(8)
    folder.mkdir(mode=0o700)
    try:
        with (folder / name).open("xb") as file:
            shutil.copyfileobj(content, file)
            if file.tell() > MOST_BYTES:
                raise RehearsalError(f"This file is larger than {MOST_BYTES // 1024**2} MB. {_BY_SFTP}")
        yield folder / name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
    _, is_refused, reason = " ".join(words.split()).partition("Invalid value for FILE: ")
    return reason if is_refused else f"This file could not be checked here. {_BY_SFTP}"
