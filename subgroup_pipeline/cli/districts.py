"""`subgroups district …`: set districts up and look at them."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

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
    from subgroup_pipeline.errors import SettingsError
    from subgroup_pipeline.registry.district_file import read_district_file
    from subgroup_pipeline.registry.districts import apply_settings

    read = [read_district_file(path) for path in files]
    keys = [settings.district for settings, _ in read]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
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
def list_districts(as_json: Json = False) -> None:
    """List the districts, with their newest deliveries.

    Example: subgroups district list --json
    """
    from subgroup_pipeline.registry.districts import key_fingerprints, registered_districts
    from subgroup_pipeline.registry.ledger import FEEDS, iso_time, latest_delivery

    with installation() as (_, registry):
        keys = key_fingerprints(registry)
        rows: list[dict[str, Any]] = []
        for district in registered_districts(registry):
            row = {
                "district_id": district.district_id,
                "name": district.settings.name,
                "settings_version": district.version,
                "keys": len(keys.get(district.district_id, [])),
            }
            with registry.begin() as session:
                for feed in FEEDS:
                    latest = latest_delivery(session, district.district_id, feed)
                    row[f"{feed}_state"] = latest.state if latest else None
                    row[f"{feed}_received_at"] = iso_time(latest.received_at) if latest else None
            rows.append(row)
    if as_json:
        print_json(rows)
    elif not rows:
        say("no district is registered yet. `subgroups district apply FILE` registers one.")
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows])


@app.command()
def show(district_id: Annotated[str, typer.Argument(metavar="ID", help="The district's key.")], as_json: Json = False) -> None:
    """Show a district's settings as applied, and the keys that may sign in as it.

    Example: subgroups district show maple_valley
    """
    from subgroup_pipeline.registry.districts import key_fingerprints, registered_district, settings_text

    with installation() as (_, registry):
        district = registered_district(registry, district_id)
        fingerprints = key_fingerprints(registry).get(district_id, [])
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


@app.command()
def authorize(
    district_id: Annotated[str, typer.Argument(metavar="ID", help="The district's key.")],
    public_key: Annotated[
        Path, typer.Option("--public-key", help="OpenSSH public key file (.pub).", exists=True, dir_okay=False)
    ],
) -> None:
    """Let an SSH key sign in to the SFTP server as a district; in force at once.

    Example: subgroups district authorize maple_valley --public-key id_ed25519.pub
    """
    from subgroup_pipeline.registry.districts import authorize_key

    with installation() as (settings, registry):
        text = public_key.read_text(encoding="utf-8", errors="replace")
        fingerprint = authorize_key(registry, district_id, text, actor=getpass.getuser())
        say(f"{fingerprint} may sign in as {district_id} at {settings.sftp_host} port {settings.sftp_port}")
