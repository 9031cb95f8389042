"""Keeping an installation: `status`, `publish rollback|release`, `rebuild`, `backup`, `restore`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from subgroup_pipeline.cli.output import installation, print_json, say

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

publish_app = typer.Typer(help="What readers see.", no_args_is_help=True, rich_markup_mode=None)


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

    Example: subgroups rebuild
    """
    from subgroup_pipeline.cli.run import run_now
    from subgroup_pipeline.landing.warehouse import warehouse_lock

    with installation() as (settings, registry):
        with warehouse_lock(settings):
            for place in settings.paths.warehouse.glob("*.duckdb*"):
                place.unlink()
        raise typer.Exit(run_now(settings, registry, []))


def backup(target: Annotated[Path, typer.Argument(help="A new file.")]) -> None:
    """Save registry, archive and keys to one file; the warehouse is derived and not in it.

    Example: subgroups backup /backup/subgroups-2026-10-01.tar
    """
    from subgroup_pipeline.landing.warehouse import warehouse_lock
    from subgroup_pipeline.registry.backup import back_up

    with installation() as (settings, registry), warehouse_lock(settings):
        size = back_up(registry, settings, target)
        say(f"{target}: {size / 1e6:.1f} MB. It holds student data and private keys: keep it as safe as the home.")


def restore(source: Annotated[Path, typer.Argument(help="A file that `backup` made.", exists=True)]) -> None:
    """Restore a backup into an empty home; `subgroups rebuild` then makes the warehouse and publishes.

    Example: SUBGROUPS_HOME=/srv/new subgroups restore /backup/subgroups-2026-10-01.tar
    """
    from subgroup_pipeline.registry.backup import restore as restore_backup
    from subgroup_pipeline.settings import load_settings, private_umask

    private_umask()
    count = restore_backup(load_settings(), source)
    say(f"{count} deliveries restored. `subgroups rebuild` makes the warehouse and publishes.")


def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Say how the last night went, what is held for longest, and how much disk is left.

    Example: subgroups status --json
    """
    with installation() as (settings, registry):
        found = _status(settings, registry)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        typer.echo(f"{name.replace('_', ' '):22} {'none' if value is None else value}")


def _status(settings: Settings, registry: Registry) -> dict[str, Any]:
    from subgroup_pipeline.publish.manifest import read_manifest
    from subgroup_pipeline.registry.ledger import all_deliveries, district_findings, iso_time, last_event

    manifest = read_manifest(settings)
    held = [delivery for delivery in all_deliveries(registry) if delivery.state == "held"]
    with registry.begin() as session:
        night = last_event(session, "night.ended")
        faults = sorted({finding.district_id for finding in district_findings(session)})
    shown = settings.paths.current_snapshot
    usage = shutil.disk_usage(settings.paths.root)
    return {
        "last_night_at": iso_time(night.at) if night else None,
        "last_night": night.detail.get("outcome") if night else None,
        "newest_snapshot": manifest.snapshot if manifest else None,
        "shown_snapshot": shown.resolve().name if shown.exists() else None,
        "districts_published": len(manifest.districts) if manifest else 0,
        "held": len(held),
        "oldest_held": held[0].delivery_id if held else None,
        "oldest_held_at": iso_time(held[0].received_at) if held else None,
        "districts_with_a_fault": faults,
        "disk_free_gib": round(usage.free / 1024**3, 1),
    }
