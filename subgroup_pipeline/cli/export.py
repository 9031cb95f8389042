"""`subgroups export`: accepted deliveries as Parquet, for the models on another engine."""

from __future__ import annotations

from typing import Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_json, say


def export(
    directory: Annotated[str | None, typer.Argument(help="A directory or s3://…; default: SUBGROUPS_EXPORT_URL.")] = None,
    district: Annotated[list[str] | None, typer.Option(help="Only this district; may be given again.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a run to end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write the accepted deliveries of every district as Parquet, for Spark; a district that did not change is not written again.

    It holds student data: keep it as safe as the home. Example: subgroups export /srv/export --district maple_valley
    """
    from subgroup_pipeline.desk.export import export_now

    with installation() as (settings, registry):
        done = export_now(registry, settings, directory, district or [], wait=wait)
    if as_json:
        print_json(done)
        return
    say(f"{len(done.written)} districts written, {done.unchanged} unchanged, {len(done.removed)} taken out")
    if done.left_out:
        say(f"as they were, until a night has read their deliveries: {', '.join(done.left_out)}")
