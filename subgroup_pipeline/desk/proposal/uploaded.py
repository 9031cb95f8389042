"""A proposal from files that somebody uploads in the portal: `subgroups district propose` in a process of its own.

The process has limits of time and memory, one runs at a time in an installation, and the files are gone when it ends.
"""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from subgroup_pipeline.desk.limited_child import BusyError, TooSlowError, only_one, plain_name, run_limited
from subgroup_pipeline.errors import ProposalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from subgroup_pipeline.desk.proposal.proposal import Identity
    from subgroup_pipeline.settings import Settings

MOST_BYTES = 20 * 1024**2
SECONDS = 90.0


def propose_uploaded(
    settings: Settings,
    sample: tuple[str, BinaryIO],
    roster: tuple[str, BinaryIO] | None,
    identity: Identity,
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """What `district propose --json` prints of these files, each given with its name. Raises ProposalError in words."""
    arguments = ["district", "propose", "--json"]
    options = {"--district": identity.district_id, "--name": identity.name, "--timezone": identity.timezone}
    arguments += [f"{option}={value}" for option, value in options.items() if value]
    try:
        with ExitStack() as stack:
            stack.enter_context(only_one(settings.paths.rehearsals))
            folder = stack.enter_context(_folder(settings))
            if roster:
                arguments.append(f"--roster={_kept(folder / 'roster', *roster)}")
            path = _kept(folder, *sample)
            status, said, words = run_limited(settings, [*arguments, "--", str(path)], seconds)
    except BusyError:
        raise ProposalError("Another file is being read just now. Try again in a minute.") from None
    except TooSlowError:
        raise ProposalError("Reading these files takes too long here. Give a smaller sample, or use the command line.") from None
    if status or not said:
        raise ProposalError(_reason(words))
    described: dict[str, Any] = json.loads(said)
    return described


@contextmanager
def _folder(settings: Settings) -> Iterator[Path]:
    """A place that is gone after the block; upkeep removes what a kill leaves there."""
    folder = settings.paths.rehearsals / secrets.token_hex(8)
    (folder / "roster").mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _kept(folder: Path, name: str, content: BinaryIO) -> Path:
    """Write a file into a folder. Raises ProposalError when it is too large."""
    path = folder / plain_name(name)
    with path.open("xb") as file:
        shutil.copyfileobj(content, file)
        if file.tell() > MOST_BYTES:
            raise ProposalError(f"{path.name} is larger than {MOST_BYTES // 1024**2} MB. The first thousand rows are enough.")
    return path


def _reason(words: str) -> str:
    """What the command said of files that it did not take, without what is for a terminal."""
    said = " ".join(words.split())
    for begin in ("error: ", "Invalid value: "):
        _, found, reason = said.partition(begin)
        if found:
            return reason
    return "These files could not be read here. Give the subgroup file as CSV and the roster as a zip."
