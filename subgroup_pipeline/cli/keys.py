"""`subgroups district authorize` and `subgroups district keys …`: what signs in over SFTP; each change is in force at once."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.districts.district_keys import AuthorizedKey, Change

app = typer.Typer(
    help="SSH keys of districts. A change is in force within a second, also for who is signed in.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Id = Annotated[str, typer.Argument(metavar="ID", help="The district's key in our settings.")]
Fingerprint = Annotated[str, typer.Argument(metavar="FINGERPRINT", help="SHA256:…, or the beginning of it.")]
KeyFile = Annotated[
    list[Path],
    typer.Option("--public-key", help="OpenSSH public key file (.pub); may be given again.", exists=True, dir_okay=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def authorize(
    district_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="The district's key in our settings.")] = None,
    public_key: KeyFile = [],  # noqa: B006 - typer copies it
    from_folder: Annotated[
        Path | None, typer.Option(help="A folder of ID.pub files: many districts in one call.", exists=True, file_okay=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Let SSH keys sign in to the SFTP server as a district; in force at once. All are read before any is taken.

    Example: subgroups district authorize maple_valley --public-key id_ed25519.pub
    """
    if from_folder is not None and (district_id or public_key):
        raise typer.BadParameter("a folder names the districts by its files; give nothing beside it", param_hint="--from-folder")
    if from_folder is None and not (district_id and public_key):
        raise typer.BadParameter("give a district's ID and --public-key FILE, or --from-folder FOLDER", param_hint="ID")
    if from_folder is not None:
        files = [(path.stem, path) for path in sorted(from_folder.glob("*.pub"))]
        if not files:
            raise typer.BadParameter(f"{from_folder} holds no ID.pub file", param_hint="--from-folder")
    else:
        files = [(str(district_id), path) for path in public_key]
    _authorize(files, as_json=as_json, instead=False)


@app.command("list")
def list_keys(
    district_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Only this district.")] = None, as_json: Json = False
) -> None:
    """List the keys that may sign in, those that are paused, and who has a password beside them.

    Example: subgroups district keys list maple_valley
    """
    from subgroup_pipeline.desk.keys import districts_with_password
    from subgroup_pipeline.desk.keys import list_keys as list_all

    with installation() as (_, registry):
        keys = list_all(registry, district_id)
        with_password = districts_with_password(registry, district_id)
    if as_json:
        print_json(keys)
    elif not keys:
        say("no key is on record. `subgroups district authorize ID --public-key FILE` adds one.")
    else:
        rows = [
            [key.district_id, "paused" if key.paused_at else "in force", key.fingerprint, f"{key.added_at:%Y-%m-%d}", key.kind]
            for key in keys
        ]
        print_table(["district", "state", "fingerprint", "added", "kind"], rows)
        _warn_of_shared(keys)
    for name in [] if as_json else with_password:
        say(f"{name} may also sign in with a password")


@app.command()
def revoke(district_id: Id, fingerprint: Fingerprint, as_json: Json = False) -> None:
    """Take a key away for good; who is signed in with it is put out. The audit log keeps that it was there.

    Example: subgroups district keys revoke maple_valley SHA256:uNiVztksCsDhcc0u
    """
    _change(district_id, fingerprint, "revoked", as_json=as_json)


@app.command()
def pause(district_id: Id, fingerprint: Fingerprint, as_json: Json = False) -> None:
    """Let a key sign nobody in until `resume`; who is signed in with it is put out.

    Example: subgroups district keys pause maple_valley SHA256:uNiVztksCsDhcc0u
    """
    _change(district_id, fingerprint, "paused", as_json=as_json)


@app.command()
def resume(district_id: Id, fingerprint: Fingerprint, as_json: Json = False) -> None:
    """Let a paused key sign in again.

    Example: subgroups district keys resume maple_valley SHA256:uNiVztksCsDhcc0u
    """
    _change(district_id, fingerprint, "resumed", as_json=as_json)


@app.command()
def rotate(district_id: Id, public_key: KeyFile, as_json: Json = False) -> None:
    """Put new keys in place of every key that a district has, in one step.

    Example: subgroups district keys rotate maple_valley --public-key new.pub
    """
    _authorize([(district_id, path) for path in public_key], as_json=as_json, instead=True)


@app.command("revoke-password")
def revoke_password(district_id: Id) -> None:
    """Take a district's password away; who is signed in with it is put out. A new invitation lets them choose another.

    Example: subgroups district keys revoke-password maple_valley
    """
    from subgroup_pipeline.desk.keys import revoke_password as revoke_now

    with installation() as (_, registry):
        had_one = revoke_now(registry, district_id, actor=getpass.getuser())
    say(f"the password of {district_id} is revoked" if had_one else f"{district_id} has no password")


def _authorize(files: Sequence[tuple[str, Path]], *, as_json: bool, instead: bool) -> None:
    from subgroup_pipeline.desk.keys import authorize as authorize_read
    from subgroup_pipeline.desk.keys import read_key_files

    read = read_key_files(files)
    with installation() as (settings, registry):
        keys = authorize_read(registry, read, actor=getpass.getuser(), instead=instead)
    for key in keys:
        say(f"{key.fingerprint} may sign in as {key.district_id} at {settings.sftp_host} port {settings.sftp_port}")
    if instead:
        say(f"every other key of {files[0][0]} is revoked")
    _warn_of_shared(keys)
    if as_json:
        print_json(keys)


def _change(district_id: str, fingerprint: str, change: Change, *, as_json: bool) -> None:
    from subgroup_pipeline.desk.keys import change as change_now
    from subgroup_pipeline.desk.keys import districts_with_password

    with installation() as (_, registry):
        name, left = change_now(registry, district_id, fingerprint, change, actor=getpass.getuser())
        has_password = bool(districts_with_password(registry, district_id))
    say(f"{name} of {district_id} is {change}")
    if not has_password and not any(key.paused_at is None for key in left):
        say(f"warning: {district_id} has no key in force now and no password, and cannot upload")
    if as_json:
        print_json(left)


def _warn_of_shared(keys: Sequence[AuthorizedKey]) -> None:
    """One key for two districts is either a vendor's, or a file that was given twice."""
    for key in keys:
        if key.also_of:
            say(f"warning: {key.fingerprint} of {key.district_id} also signs in as {', '.join(key.also_of)}")
