"""Printing: data on stdout, words on stderr, errors without a traceback; exit status 0, 1 (work failed) or 2 (used wrongly)."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import sys
import textwrap
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from subgroup_pipeline.errors import SubgroupsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from subgroup_pipeline.desk.deliveries import ShownFinding
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


_MENDS = {
    errno.ENOSPC: "The disk is full: free space and run the command again; what was done before is kept.",
    errno.EACCES: "Use an account that may, or point SUBGROUPS_HOME at a directory you can write.",
    errno.EROFS: "The disk is mounted read-only; point SUBGROUPS_HOME at a directory you can write.",
}


def say(text: str) -> None:
    """A message for the person at the terminal."""
    typer.echo(text, err=True)


def print_json(data: object) -> None:
    """One JSON value and nothing else on stdout."""
    typer.echo(json.dumps(_plain(data), indent=2, ensure_ascii=False, allow_nan=False, default=str))


def _plain(value: Any) -> Any:  # noqa: ANN401 - an object of the desk, or any cell of a query
    """What JSON can say: objects by fields, times as ISO-8601 UTC with `Z` (naive means UTC), numbers that are none as null."""
    if hasattr(value, "as_json"):
        value = value.as_json()
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on stdout: as wide as its cells, but on a terminal no wider than that, with `…` where a cell is cut."""
    from rich.cells import cell_len, set_cell_size

    cells = [[_text(cell) for cell in row] for row in rows]
    widths = [max([cell_len(name), *(cell_len(row[at]) for row in cells)]) for at, name in enumerate(columns)]
    if sys.stdout.isatty():
        _narrow(widths, shutil.get_terminal_size().columns - 2 * (len(widths) - 1))
    for row in [list(columns), ["-" * width for width in widths], *cells]:
        shown = (
            set_cell_size(cell, width) if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"
            for cell, width in zip(row, widths, strict=True)
        )
        typer.echo("  ".join(shown).rstrip())


def _narrow(widths: list[int], room: int) -> None:
    """Take from the widest columns until all fit; below 8 nothing would be readable."""
    while sum(widths) > room and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1


def print_findings(findings: Sequence[ShownFinding]) -> None:
    """Findings: a block each, with place, count and mend, cut to the terminal's lines."""
    from subgroup_pipeline.reports.words import place_in_words

    width = min(shutil.get_terminal_size().columns, 110)
    for finding in findings:
        place = place_in_words(finding.file, finding.line, finding.column)
        rows = f" ({finding.count} in all)" if finding.count else ""
        typer.echo(f"{finding.severity} {finding.code}  {place}{rows}".rstrip())
        for words in (finding.message, finding.how_to_fix):
            typer.echo(textwrap.fill(words, width, initial_indent="    ", subsequent_indent="    "))


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn what can be foreseen into a message and exit status 1. Anything else is a fault of ours and keeps its traceback."""
    try:
        yield
    except SubgroupsError as error:
        say(f"error: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
    except BrokenPipeError:
        # Who read our output (`| head`) has enough. Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if not (words := _foreseen(error)):
            raise
        say(f"error: {words}")
        sys.exit(1)


def _foreseen(error: Exception) -> str:
    """What the disk or a database said, in one sentence with the mend; empty for anything else."""
    if isinstance(error, OSError):
        mend = _MENDS.get(error.errno or 0, "`subgroups doctor` looks at the whole installation.")
        return f"{error.filename or 'this machine'}: {error.strerror or error}. {mend}"
    module = type(error).__module__.partition(".")[0]
    if module in ("sqlalchemy", "sqlite3"):
        said = str(getattr(error, "orig", error)).partition("\n")[0]
        return f"the registry did not answer: {said}. `subgroups doctor` says more; what was done before is kept."
    if module in ("duckdb", "_duckdb"):
        said = str(error).partition("\n")[0]
        return f"DuckDB did not answer: {said}. `subgroups doctor` says more; readers keep what is published."
    return ""


@contextmanager
def installation() -> Iterator[tuple[Settings, Registry]]:
    """Settings and registry for a command; the home is made and migrated if this is the first command."""
    from subgroup_pipeline.logs import open_log
    from subgroup_pipeline.registry.database import open_registry
    from subgroup_pipeline.settings import load_settings, private_umask

    private_umask()
    settings = load_settings()
    registry = open_registry(settings)
    open_log(settings)
    try:
        yield settings, registry
    finally:
        registry.close()


def _text(cell: object) -> str:
    """A cell in one line; what a district wrote cannot move the cursor or colour the terminal."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.4g}"
    if isinstance(cell, dict):
        return ", ".join(f"{key}={value}" for key, value in cell.items())
    return "".join(character if character.isprintable() else " " for character in str(cell))
