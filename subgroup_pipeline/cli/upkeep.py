"""`subgroups upkeep`: what leaves when, and clearing it now."""

from __future__ import annotations

from typing import Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_json, print_table, say


def upkeep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would leave.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Remove what is past its time, and show what is kept how long. Every night does this. Exit 1 when something could not leave.

    Example: subgroups upkeep --dry-run
    """
    from subgroup_pipeline.desk.keeping import clear
    from subgroup_pipeline.orchestration.dagster_history import DagsterHistory
    from subgroup_pipeline.orchestration.instance import open_instance

    with installation() as (settings, registry), open_instance(settings) as instance:
        places = clear(registry, settings, DagsterHistory(instance, settings), dry_run=dry_run)
    if as_json:
        print_json(places)
    else:
        columns = ["place", "what it holds", "kept", "would leave" if dry_run else "left", "MB"]
        print_table(columns, [[one.place, one.holds, one.kept, one.things, f"{one.bytes / 1e6:.1f}"] for one in places])
    faults = [one.fault for one in places if one.fault]
    for fault in faults:
        say(f"error: {fault}")
    raise typer.Exit(1 if faults else 0)
