"""Keeping an installation: `publish list|rollback|release`, `rebuild`, `verify`, `backup`, `restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_json, print_table, say

publish_app = typer.Typer(help="What readers see.", no_args_is_help=True, rich_markup_mode=None)


@publish_app.command("list")
def list_snapshots(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the snapshots that are kept, newest first, and which of them readers see.

    Example: subgroups publish list
    """
    from subgroup_pipeline.desk import snapshots

    with installation() as (settings, _):
        found = snapshots.list_snapshots(settings)
        seen = "yes, by a rollback" if snapshots.is_rolled_back(settings) else "yes"
    if as_json:
        print_json(found)
    elif not found:
        say("nothing is published yet. `subgroups run` publishes.")
    else:
        cells = [[one.snapshot, f"{one.bytes / 1e6:.1f}", seen if one.is_shown else ""] for one in found]
        print_table(["snapshot", "MB", "readers see it"], cells)


@publish_app.command()
def rollback(snapshot: Annotated[str | None, typer.Argument(help="A snapshot; default: the one before.")] = None) -> None:
    """Show readers an older snapshot, until `publish release`; nights go on beside it.

    Example: subgroups publish rollback
    """
    from subgroup_pipeline.desk.snapshots import roll_back

    with installation() as (settings, registry):
        shown = roll_back(registry, settings, snapshot)
        say(f"readers see {shown} until `subgroups publish release`")


@publish_app.command()
def release() -> None:
    """End a rollback: readers see the newest snapshot again.

    Example: subgroups publish release
    """
    from subgroup_pipeline.desk.snapshots import release as release_newest

    with installation() as (settings, registry):
        shown = release_newest(registry, settings)
        say(f"readers see {shown}" if shown else "nothing is published yet")


@publish_app.command()
def join(homes: Annotated[list[Path], typer.Argument(metavar="HOME…", help="Homes of shards (SUBGROUPS_HOME).")]) -> None:
    """Show readers the newest snapshots of several shards as one. Runs in a home of its own, with SUBGROUPS_SHARD=0/N.

    Example: SUBGROUPS_SHARD=0/2 subgroups publish join /srv/shard1 /srv/shard2
    """
    from subgroup_pipeline.desk.snapshots import join as join_homes

    with installation() as (settings, registry):
        joined = join_homes(registry, settings, homes)
    manifest = joined.published.manifest
    what = "readers see" if joined.published.is_new else "nothing new: readers see"
    say(f"{what} {manifest.snapshot}, {len(manifest.districts)} districts")
    for number in joined.missing:
        say(f"shard {number} has published nothing here; its districts stay as they were published last")


def rebuild() -> None:
    """Drop the warehouse and make it anew from archive and ledger; readers keep what they have, and the history stays.

    Every archived file is proved first: while one is missing or damaged, nothing is dropped.

    Example: subgroups rebuild
    """
    from subgroup_pipeline.cli.run import run_now
    from subgroup_pipeline.desk.keeping import drop_warehouse

    with installation() as (settings, registry):
        drop_warehouse(registry, settings)
        raise typer.Exit(run_now(settings, registry, []))


def verify(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Hold every archived and every published file against its hash, and read registry and warehouse to the last byte.

    Damaged snapshots are set aside and published anew. Exit 1 when something is damaged. A night does this once a week.
    Example: subgroups verify
    """
    from subgroup_pipeline.desk.keeping import verify as verify_all

    with installation() as (settings, registry):
        found = verify_all(registry, settings)
    if as_json:
        print_json(found)
    else:
        for said in found.damage:
            say(f"damaged: {said}")
        read = f"{found.archived_files} archived and {found.published_files} published files were read"
        typer.echo(f"{read}; {len(found.damage)} faults")
    raise typer.Exit(1 if found.damage else 0)


def backup(
    target: Annotated[Path, typer.Argument(help="A new file.")],
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Leave out keys/: without them no student's row can be read in it.")
    ] = False,
) -> None:
    """Save registry, archive, keys and the history to one file; the warehouse is derived and not in it.

    Example: subgroups backup /backup/subgroups-2026-10-01.tar
    """
    from subgroup_pipeline.desk.keeping import save

    with installation() as (settings, registry):
        size = save(registry, settings, target, with_keys=not without_keys)
        about = (
            f"Its rows open with {settings.paths.keys} only: keep a copy of that elsewhere, for a restore needs it."
            if without_keys
            else "It holds student data and private keys: keep it as safe as the home."
        )
        say(f"{target}: {size / 1e6:.1f} MB. {about}")


def restore(source: Annotated[Path, typer.Argument(help="A file that `backup` made.", exists=True)]) -> None:
    """Restore a backup into an empty home; `subgroups rebuild` then makes the warehouse and publishes.

    Example: SUBGROUPS_HOME=/srv/new subgroups restore /backup/subgroups-2026-10-01.tar
    """
    from subgroup_pipeline.settings import load_settings, private_umask
    from subgroup_pipeline.upkeep.backup import restore as restore_backup

    private_umask()
    count = restore_backup(load_settings(), source)
    say(f"{count} deliveries restored. `subgroups rebuild` makes the warehouse and publishes.")
