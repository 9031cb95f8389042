"""`subgroups district …`: set districts up and look at them."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subgroup_pipeline.cli import keys
from subgroup_pipeline.cli.invitations import invite
from subgroup_pipeline.cli.new_district import new
from subgroup_pipeline.cli.output import installation, print_json, print_table, say
from subgroup_pipeline.cli.propose import propose
from subgroup_pipeline.cli.secrets import discover, secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.desk.districts import ListedDistrict
    from subgroup_pipeline.desk.offboarding import Certificate
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


@app.command()
def offboard(
    district_id: Annotated[str, typer.Argument(metavar="ID", help="The district's key.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who removes it; your login if not given.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Remove everything of a district from every place, destroy its key, and print a certificate. It cannot be taken back.

    Example: subgroups district offboard maple_valley --dry-run
    """
    from subgroup_pipeline.desk.offboarding import offboard_district
    from subgroup_pipeline.orchestration.dagster_history import DagsterHistory
    from subgroup_pipeline.orchestration.instance import open_instance

    if sys.stdin.isatty() and not (dry_run or yes):
        typer.confirm(f"Remove everything of {district_id}? This cannot be taken back", abort=True, err=True)
    with installation() as (settings, registry), open_instance(settings) as instance:
        history = DagsterHistory(instance, settings)
        certificate = offboard_district(registry, settings, history, district_id, by=by or getpass.getuser(), dry_run=dry_run)
    if as_json:
        print_json(certificate)
    else:
        _print_certificate(certificate)
    raise typer.Exit(0 if dry_run or certificate.is_complete else 1)


def _print_certificate(certificate: Certificate) -> None:
    what = "would be removed" if certificate.is_dry_run else "removed"
    typer.echo(f"{certificate.district_name} ({certificate.district_id}), {certificate.removed_at}, by {certificate.removed_by}")
    rows = [[one.place, one.holds, one.things, f"{one.bytes / 1e6:.1f}"] for one in certificate.removed]
    print_table(["place", "what it held", what, "MB"], rows)
    for title, lines in (("Kept", certificate.kept), ("Still to do", certificate.still_to_do)):
        typer.echo(f"\n{title}:")
        for line in lines:
            typer.echo(f"- {line}")
    for one in certificate.removed:
        if one.fault:
            say(f"error: {one.place}: {one.fault}. Run the command again.")


app.command()(new)
app.command()(invite)
app.command()(propose)
app.command()(keys.authorize)
app.command()(secret)
app.command()(discover)
app.add_typer(keys.app, name="keys")
