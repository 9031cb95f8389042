"""`subgroups district …`: set districts up and look at them."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from subgroup_pipeline.cli import keys
from subgroup_pipeline.cli.new_district import new
from subgroup_pipeline.cli.output import installation, print_json, print_table, say

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
    from subgroup_pipeline.districts.district_file import read_district_file
    from subgroup_pipeline.districts.registered import apply_settings
    from subgroup_pipeline.errors import SettingsError

    read = [read_district_file(path) for path in files]
    named = [settings.district for settings, _ in read]
    if twice := sorted({one for one in named if named.count(one) > 1}):
        raise SettingsError(f"more than one of these files is for {', '.join(twice)}. Give one file a district.")
    applied: list[dict[str, Any]] = []
    with installation() as (_, registry):
        for settings, text in read:
            version, is_new = apply_settings(registry, settings, text, actor=getpass.getuser())
            applied.append({"district_id": settings.district, "version": version, "changed": is_new})
            say(f"{settings.district}: settings version {version}{'' if is_new else ' (no change)'}")
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
    from datetime import UTC, datetime

    from subgroup_pipeline.districts.district_keys import keys_on_record
    from subgroup_pipeline.districts.lateness import missed_nights
    from subgroup_pipeline.districts.registered import registered_districts
    from subgroup_pipeline.registry.ledger import FEEDS, iso_time, latest_delivery

    with installation() as (_, registry):
        with_keys = [key.district_id for key in keys_on_record(registry)]
        districts = registered_districts(registry)
        missed = missed_nights(registry, districts, datetime.now(UTC))
        rows: list[dict[str, Any]] = []
        for district in districts:
            key = district.district_id
            if late and key not in missed:
                continue
            row = {
                "district_id": key,
                "name": district.settings.name,
                "settings_version": district.version,
                "keys": with_keys.count(key),
            }
            with registry.begin() as session:
                for feed in FEEDS:
                    latest = latest_delivery(session, key, feed)
                    row[f"{feed}_state"] = latest.state if latest else None
                    row[f"{feed}_received_at"] = iso_time(latest.received_at) if latest else None
            rows.append(row | {"late_nights": missed.get(key, {})})
    if as_json:
        print_json(rows)
    elif not rows:
        say(
            "nobody is late"
            if late and districts
            else "no district is registered yet. `subgroups district apply FILE` registers one."
        )
    else:
        _print_districts(rows)


def _print_districts(rows: list[dict[str, Any]]) -> None:
    def feed(row: dict[str, Any], name: str) -> str:
        at = row[f"{name}_received_at"]
        return f"{row[f'{name}_state']} {at[5:10]} {at[11:16]}" if at else ""

    def late(nights: dict[str, int]) -> str:
        return ", ".join(f"{name} {count} night{'s' if count > 1 else ''}" for name, count in nights.items())

    cells = [
        [row["district_id"], row["keys"], feed(row, "roster"), feed(row, "subgroups"), late(row["late_nights"])] for row in rows
    ]
    print_table(["district", "keys", "roster (UTC)", "subgroups (UTC)", "late"], cells)


@app.command()
def show(district_id: Annotated[str, typer.Argument(metavar="ID", help="The district's key.")], as_json: Json = False) -> None:
    """Show a district's settings as applied, and the keys that may sign in as it.

    Example: subgroups district show maple_valley
    """
    from subgroup_pipeline.districts.district_keys import keys_on_record
    from subgroup_pipeline.districts.registered import registered_district, settings_text

    with installation() as (_, registry):
        district = registered_district(registry, district_id)
        fingerprints = [key.fingerprint for key in keys_on_record(registry, [district_id])]
        text = settings_text(registry, district_id)
    if as_json:
        print_json(
            {
                "district_id": district_id,
                "settings_version": district.version,
                "settings": district.settings.model_dump(mode="json"),
                "keys": fingerprints,
            }
        )
        return
    typer.echo(text.rstrip())
    say(f"\nsettings version {district.version}; keys: {', '.join(fingerprints) or 'none'}")


app.command()(new)
app.command()(keys.authorize)
app.add_typer(keys.app, name="keys")
