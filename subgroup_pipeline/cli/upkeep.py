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
    from datetime import UTC, datetime

    from subgroup_pipeline.orchestration.dagster_history import DagsterHistory
    from subgroup_pipeline.orchestration.instance import open_instance
    from subgroup_pipeline.upkeep import places
    from subgroup_pipeline.upkeep.runner import run_upkeep
    from subgroup_pipeline.warehouse.connection import warehouse_lock

    with installation() as (settings, registry), warehouse_lock(settings), open_instance(settings) as instance:
        history = DagsterHistory(instance, settings)
        cleared = run_upkeep(places.Installation(settings, registry, datetime.now(UTC), history), dry_run=dry_run)
        rows = [one.described(settings) for one in cleared]
    if as_json:
        print_json(rows)
    else:
        columns = ["place", "what it holds", "kept", "would leave" if dry_run else "left", "MB"]
        print_table(
            columns, [[row["place"], row["holds"], row["kept"], row["things"], f"{row['bytes'] / 1e6:.1f}"] for row in rows]
        )
    for row in rows:
        if row["fault"]:
            say(f"error: {row['fault']}")
    raise typer.Exit(1 if any(row["fault"] for row in rows) else 0)
