"""`subgroups mirror …`: the PostgreSQL database that BI tools read, and which role sees which district there."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_json, print_table, say

app = typer.Typer(help="The PostgreSQL mirror for BI tools (SUBGROUPS_MIRROR_URL).", no_args_is_help=True, rich_markup_mode=None)

Role = Annotated[str, typer.Argument(metavar="ROLE", help="A role of the mirror's server, as `create role` made it.")]
Districts = Annotated[list[str] | None, typer.Option("--district", help="Key of a district; may be given again.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def sync(as_json: Json = False) -> None:
    """Bring the mirror to what readers see now. Every night does it; after a rollback it need not wait.

    Example: subgroups mirror sync
    """
    from subgroup_pipeline.mirror.sync import sync_mirror

    with installation() as (settings, _):
        mirrored = sync_mirror(settings)
    if as_json:
        print_json(mirrored)
    elif mirrored is None:
        say("nothing is published yet")
    else:
        say(
            f"the mirror holds {mirrored.snapshot}: {mirrored.changed_districts} districts brought, "
            f"{mirrored.removed_districts} removed, {mirrored.rows} rows"
        )


@app.command()
def status(as_json: Json = False) -> None:
    """Say which snapshot the mirror holds, and which role sees which district. Exit 1 when it is behind.

    Example: subgroups mirror status --json
    """
    from subgroup_pipeline.desk.mirror import mirror_status

    with installation() as (settings, _):
        found = mirror_status(settings)
    if as_json:
        print_json(found)
    else:
        say(f"{found.mirror} holds {found.snapshot or 'nothing yet'}, {found.districts} districts")
        if not found.is_current:
            say(f"readers here see {found.shown_snapshot or 'nothing'}; `subgroups mirror sync` brings it there")
        rows = [[grant.role, grant.district_id, grant.trouble or ""] for grant in found.grants]
        print_table(["role", "district", "trouble"], rows)
        for view in found.open_views:
            say(f"the view {view} shows every district to whoever may ask it")
    raise typer.Exit(0 if found.is_current else 1)


@app.command()
def grant(
    role: Role,
    district: Districts = None,
    every_district: Annotated[bool, typer.Option("--every-district", help="All of them, also later ones.")] = False,
) -> None:
    """Let a role see the rows of a district, names of students among them; in force at once.

    Example: subgroups mirror grant maple_bi --district maple_valley
    """
    from subgroup_pipeline.desk.mirror import let_see
    from subgroup_pipeline.mirror.bookkeeping import EVERY_DISTRICT

    if bool(district) == every_district:
        raise typer.BadParameter("give --district, or --every-district for your own staff", param_hint="--district")
    with installation() as (settings, registry):
        let_see(settings, registry, role, [EVERY_DISTRICT] if every_district else district or [], by=getpass.getuser())
    say(f"{role} sees {'every district' if every_district else ', '.join(district or [])}")


@app.command()
def revoke(role: Role, district: Districts = None) -> None:
    """Take districts from a role, or without --district everything; in force at once.

    Example: subgroups mirror revoke maple_bi
    """
    from subgroup_pipeline.desk.mirror import let_see_no_more

    with installation() as (settings, registry):
        removed = let_see_no_more(settings, registry, role, district or [], by=getpass.getuser())
    if not removed:
        say(f"{role} saw nothing of that; `subgroups mirror status` lists what is granted")
        raise typer.Exit(1)
    say(f"{role} sees {', '.join(district)} no more" if district else f"{role} sees nothing any more")
