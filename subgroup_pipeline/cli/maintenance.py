"""Keeping an installation: `publish list|rollback|release`, `rebuild`, `verify`, `backup`, `restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from subgroup_pipeline.cli.output import installation, print_json, print_table, say

publish_app = typer.Typer(help="What readers see.", no_args_is_help=True, rich_markup_mode=None)


@publish_app.command("list")
def list_snapshots(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the snapshots that are kept, newest first, and which of them readers see.

    Example: subgroups publish list
    """
    from subgroup_pipeline.publish.manifest import snapshot_names

    with installation() as (settings, _):
        home = settings.paths
        shown = home.current_snapshot.resolve().name
        rows: list[dict[str, Any]] = [
            {"snapshot": name, "bytes": (home.published / name / "analytics.duckdb").stat().st_size, "is_shown": name == shown}
            for name in reversed(snapshot_names(settings))
        ]
        is_pinned = home.pinned_snapshot.exists()
    if as_json:
        print_json(rows)
    elif not rows:
        say("nothing is published yet. `subgroups run` publishes.")
    else:
        seen = "yes, by a rollback" if is_pinned else "yes"
        cells = [[row["snapshot"], f"{row['bytes'] / 1e6:.1f}", seen if row["is_shown"] else ""] for row in rows]
        print_table(["snapshot", "MB", "readers see it"], cells)


@publish_app.command()
def rollback(snapshot: Annotated[str | None, typer.Argument(help="A snapshot; default: the one before.")] = None) -> None:
    """Show readers an older snapshot, until `publish release`; nights go on beside it.

    Example: subgroups publish rollback
    """
    from subgroup_pipeline.publish.current import roll_back

    with installation() as (settings, registry):
        shown = roll_back(settings, snapshot)
        registry.audit("publish.rolled_back", actor="operator", detail={"snapshot": shown})
        say(f"readers see {shown} until `subgroups publish release`")


@publish_app.command()
def release() -> None:
    """End a rollback: readers see the newest snapshot again.

    Example: subgroups publish release
    """
    from subgroup_pipeline.publish.current import release as release_newest

    with installation() as (settings, registry):
        shown = release_newest(settings)
        registry.audit("publish.released", actor="operator", detail={"snapshot": shown})
        say(f"readers see {shown}" if shown else "nothing is published yet")


def rebuild() -> None:
    """Drop the warehouse and make it anew from archive and ledger; readers keep what they have until it is done.

    Every archived file is proved first: while one is missing or damaged, nothing is dropped.

    Example: subgroups rebuild
    """
    from subgroup_pipeline.cli.run import run_now
    from subgroup_pipeline.intake.archive_proof import require_archive
    from subgroup_pipeline.warehouse.connection import warehouse_lock

    with installation() as (settings, registry):
        with warehouse_lock(settings):
            require_archive(registry, settings)
            for place in settings.paths.warehouse.glob("*.duckdb*"):
                place.unlink()
        raise typer.Exit(run_now(settings, registry, []))


def verify(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Hold every archived and every published file against its hash, and read registry and warehouse to the last byte.

    Damaged snapshots are set aside and published anew. Exit 1 when something is damaged. A night does this once a week.
    Example: subgroups verify
    """
    from subgroup_pipeline.upkeep.proof import prove_all
    from subgroup_pipeline.warehouse.connection import warehouse_lock

    with installation() as (settings, registry), warehouse_lock(settings):
        proof = prove_all(registry, settings, run_id="verify")
    if as_json:
        print_json({"archived_files": proof.archived, "published_files": proof.published, "damage": proof.damage})
    else:
        for said in proof.damage:
            say(f"damaged: {said}")
        typer.echo(f"{proof.archived} archived and {proof.published} published files were read; {len(proof.damage)} faults")
    raise typer.Exit(1 if proof.damage else 0)


def backup(target: Annotated[Path, typer.Argument(help="A new file.")]) -> None:
    """Save registry, archive and keys to one file; the warehouse is derived and not in it.

    Example: subgroups backup /backup/subgroups-2026-10-01.tar
    """
    from subgroup_pipeline.upkeep.backup import back_up
    from subgroup_pipeline.warehouse.connection import warehouse_lock

    with installation() as (settings, registry), warehouse_lock(settings):
        size = back_up(registry, settings, target)
        say(f"{target}: {size / 1e6:.1f} MB. It holds student data and private keys: keep it as safe as the home.")


def restore(source: Annotated[Path, typer.Argument(help="A file that `backup` made.", exists=True)]) -> None:
    """Restore a backup into an empty home; `subgroups rebuild` then makes the warehouse and publishes.

    Example: SUBGROUPS_HOME=/srv/new subgroups restore /backup/subgroups-2026-10-01.tar
    """
    from subgroup_pipeline.settings import load_settings, private_umask
    from subgroup_pipeline.upkeep.backup import restore as restore_backup

    private_umask()
    count = restore_backup(load_settings(), source)
    say(f"{count} deliveries restored. `subgroups rebuild` makes the warehouse and publishes.")
