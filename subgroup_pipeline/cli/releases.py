"""`subgroups release list|preview|now`: the numbers that are shared, with small groups hidden."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_json, print_table, say

app = typer.Typer(help="Shared numbers, with small groups hidden.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
District = Annotated[str, typer.Argument(metavar="ID", help="A district's key.")]


@app.command("list")
def list_releases(
    district: Annotated[str | None, typer.Option("--district", metavar="ID", help="Only this one.")] = None, as_json: Json = False
) -> None:
    """List the release of each district that readers see, and how many counts it shows and hides.

    Example: subgroups release list
    """
    from subgroup_pipeline.desk import releases

    with installation() as (settings, _):
        found = releases.list_releases(settings, district)
    if as_json:
        print_json(found)
    elif not found:
        say("nothing is released yet. `subgroups run` publishes, and releases with it.")
    else:
        names = ["district", "released at", "smallest group", "rule", "shown", "hidden"]
        cells = [[o.district_id, o.released_at, o.minimum_count, o.profile, o.shown, o.hidden] for o in found]
        print_table(names, cells)


@app.command()
def preview(district: District, as_json: Json = False) -> None:
    """Say what a release of a district would show and hide now, and why. For staff: the JSON has the counts that are hidden.

    Example: subgroups release preview pine
    """
    from subgroup_pipeline.desk import releases

    with installation() as (settings, registry):
        found = releases.preview(registry, settings, district)
    if as_json:
        print_json(asdict(found))
        return
    typer.echo(f"{district}: {found.shown} counts would be shown, {found.hidden} hidden (groups below {found.minimum_count})")
    if found.reasons:
        print_table(["reason", "counts"], [[reason, count] for reason, count in found.reasons.items()])


@app.command()
def now(
    district: District,
    by: Annotated[str, typer.Option("--by", help="Who asks.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the audit log.")],
) -> None:
    """Release a district's numbers at once, whatever its calendar says; a correction is a release of its own.

    Example: subgroups release now pine --by "Ana Ruiz" --reason "roster of September was wrong"
    """
    from subgroup_pipeline.desk import releases

    with installation() as (settings, registry):
        made = releases.release_now(registry, settings, district, by=by, reason=reason)
    say(f"{made.release_id}: {made.shown} counts are shown, {made.hidden} hidden")
