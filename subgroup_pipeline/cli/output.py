"""Printing: data on stdout, words on stderr, errors without a traceback; exit status 0, 1 (work failed) or 2 (used wrongly)."""

from __future__ import annotations

import json
import math
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from subgroup_pipeline.errors import SubgroupsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


def say(text: str) -> None:
    """A message for the person at the terminal."""
    typer.echo(text, err=True)


def print_json(data: object) -> None:
    """One JSON value and nothing else on stdout."""
    typer.echo(json.dumps(_plain(data), indent=2, ensure_ascii=False, allow_nan=False, default=str))


def _plain(value: Any) -> Any:  # noqa: ANN401 - any cell of a query
    """What JSON can say: times as ISO-8601 UTC with `Z` (naive means UTC), numbers that are none as null."""
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
    """A table on stdout, as wide as its cells."""
    cells = [[_text(cell) for cell in row] for row in rows]
    widths = [max([len(name), *(len(row[at]) for row in cells)]) for at, name in enumerate(columns)]
    for row in [list(columns), ["-" * width for width in widths], *cells]:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn the pipeline's own errors into a message and exit status 1."""
    try:
        yield
    except SubgroupsError as error:
        say(f"error: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)


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
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.4g}"
    if isinstance(cell, dict):
        return ", ".join(f"{key}={value}" for key, value in cell.items())
    return str(cell)
