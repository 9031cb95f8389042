"""`subgroups district …`: set districts up and look at them."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subgroup_pipeline.cli import keys
from subgroup_pipeline.cli.invitations import invite
from subgroup_pipeline.cli.new_district import new
from subgroup_pipeline.cli.output import installation, print_json, print_table, say
from subgroup_pipeline.cli.propose import propose
from subgroup_pipeline.cli.secrets import secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.desk.districts import ListedDistrict
    from subgroup_pipeline.registry.ledger import Feed

app = typer.Typer(help="Set districts up and look at them.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def apply(
    files: Annotated[list[Path], typer.Argument(help="YAML files, one a district.", exists=False)],
    as_json: Json = False,
) -> None:
    """Register districts, or give them new settings. All files are checked before any is applied.

    Example: subgroups district apply districts/*.yaml
    """
    from subgroup_pipeline.desk.districts import apply_all, read_files

    read = read_files(files)
    with installation() as (_, registry):
        applied = apply_all(registry, read, actor=getpass.getuser())
    for one in applied:
        say(f"{one.district_id}: settings version {one.version}{'' if one.changed else ' (no change)'}")
    if as_json:
        print_json(applied)


@app.command("list")
def list_districts(
    late: Annotated[bool, typer.Option("--late", help="Only districts that missed the last night's upload.")] = False,
    as_json: Json = False,
) -> None:
    """List the districts, with their newest deliveries, and by how many nights a feed is late.

    Example: subgroups district list --late
    """
    from subgroup_pipeline.desk.districts import list_districts as list_all

    with installation() as (_, registry):
        districts = list_all(registry)
    shown = [district for district in districts if district.late_nights or not late]
    if as_json:
        print_json(shown)
    elif shown:
        _print_districts(shown)
    elif districts:
        say("nobody is late")
    else:
        say("no district is registered yet. `subgroups district apply FILE` registers one.")


def _print_districts(districts: Sequence[ListedDistrict]) -> None:
    def feed(state: str | None, at: str | None) -> str:
        return f"{state} {at[5:10]} {at[11:16]}" if at else ""

    def late(nights: dict[Feed, int]) -> str:
        return ", ".join(f"{name} {count} night{'s' if count > 1 else ''}" for name, count in nights.items())

    cells = [
        [
            one.district_id,
            one.keys,
            "set" if one.has_password else "",
            feed(one.roster_state, one.roster_received_at),
            feed(one.subgroups_state, one.subgroups_received_at),
            late(one.late_nights),
        ]
        for one in districts
    ]
    print_table(["district", "keys", "password", "roster (UTC)", "subgroups (UTC)", "late"], cells)


@app.command()
def show(district_id: Annotated[str, typer.Argument(metavar="ID", help="The district's key.")], as_json: Json = False) -> None:
    """Show a district's settings as applied, the keys that may sign in as it, and whether it has a password.

    Example: subgroups district show maple_valley
    """
    from subgroup_pipeline.desk.districts import settings_as_applied, show_district

    with installation() as (_, registry):
        district = show_district(registry, district_id)
        text = settings_as_applied(registry, district_id)
    if as_json:
        print_json(district)
        return
    typer.echo(text.rstrip())
    password = f"set at {district.password_set_at} by {district.password_set_by}" if district.password_set_at else "none"
    say(f"\nsettings version {district.settings_version}; keys: {', '.join(district.keys) or 'none'}; password: {password}")


app.command()(new)
app.command()(invite)
app.command()(propose)
app.command()(keys.authorize)
app.command()(secret)
app.add_typer(keys.app, name="keys")
