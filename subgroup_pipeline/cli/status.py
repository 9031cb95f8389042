"""`subgroups status`: how the last night went, what waits for a person, who is late, what readers see, and the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_json
from subgroup_pipeline.desk.words import some_of

if TYPE_CHECKING:
    from subgroup_pipeline.desk.overview import Overview


def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Say how the last night went, what is held, who is late, what readers see, and how much disk is left.

    Example: subgroups status --json
    """
    from subgroup_pipeline.desk.overview import overview

    with installation() as (settings, registry):
        found = overview(registry, settings)
    if as_json:
        print_json(found)
        return
    for name, words in _lines(found):
        typer.echo(f"{name:12} {words}")


def _lines(found: Overview) -> list[tuple[str, str]]:
    """What a person reads: each line that asks for something names the command that goes on from there."""
    night = "none yet; `subgroups run` starts one"
    if found.last_night_at:
        night = f"{_minute(found.last_night_at)}: {found.last_night}"
    readers = f"snapshot {found.shown_snapshot}" if found.shown_snapshot else "nothing is published yet"
    if found.is_rolled_back:
        readers += f", kept by a rollback; the newest is {found.newest_snapshot} (`subgroups publish release`)"
    held = "none"
    if found.oldest_held_at:
        since = _minute(found.oldest_held_at)
        held = f"{found.held} since {since}; `subgroups delivery list --state held` shows what waits for a person"
    late, faults = list(found.late_nights), found.districts_with_a_fault
    return [
        ("last night", night),
        ("readers see", readers),
        ("districts", f"{found.districts}, of which {found.districts_published} are published"),
        ("shared", f"numbers of {found.districts_released} districts; `subgroups release list` shows since when"),
        ("held", held),
        ("late", f"{len(late)}: {some_of(late)}; `subgroups district list --late` shows since when" if late else "none"),
        ("no fetching", f"{len(faults)}: {some_of(faults)}; `subgroups run` says why" if faults else "none"),
        ("disk", f"{found.disk_free_gib} GiB free"),
    ]


def _minute(moment: str) -> str:
    return f"{moment[:10]} {moment[11:16]} UTC"
