"""`subgroups status`: how the last night went, what waits for a person, who is late, what readers see, and the disk."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Annotated, Any

import typer

from subgroup_pipeline.cli.output import installation, print_json
from subgroup_pipeline.desk.words import some_of

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Say how the last night went, what is held, who is late, what readers see, and how much disk is left.

    Example: subgroups status --json
    """
    with installation() as (settings, registry):
        found = _status(settings, registry)
    if as_json:
        print_json(found)
        return
    for name, words in _lines(found):
        typer.echo(f"{name:12} {words}")


def _status(settings: Settings, registry: Registry) -> dict[str, Any]:
    from datetime import UTC, datetime

    from subgroup_pipeline.districts.lateness import STAGE, missed_nights
    from subgroup_pipeline.districts.registered import registered_districts
    from subgroup_pipeline.publish.manifest import read_manifest
    from subgroup_pipeline.registry.ledger import all_deliveries, district_findings, iso_time
    from subgroup_pipeline.registry.nights import last_night

    manifest = read_manifest(settings)
    held = all_deliveries(registry, states=["held"])
    districts = registered_districts(registry)
    with registry.begin() as session:
        night = last_night(session)
        faults = sorted({finding.district_id for finding in district_findings(session) if finding.stage != STAGE})
    shown, pin = settings.paths.current_snapshot, settings.paths.pinned_snapshot
    usage = shutil.disk_usage(settings.paths.root)
    return {
        "last_night_at": iso_time(night.ended_at) if night else None,
        "last_night": night.in_words if night else None,
        "last_night_deliveries": night.deliveries if night else {},
        "newest_snapshot": manifest.snapshot if manifest else None,
        "shown_snapshot": shown.resolve().name if shown.exists() else None,
        "is_rolled_back": pin.exists(),
        "districts": len(districts),
        "districts_published": len(manifest.districts) if manifest else 0,
        "held": len(held),
        "oldest_held": held[0].delivery_id if held else None,
        "oldest_held_at": iso_time(held[0].received_at) if held else None,
        "late_nights": missed_nights(registry, districts, datetime.now(UTC)),
        "districts_with_a_fault": faults,
        "disk_free_gib": round(usage.free / 1024**3, 1),
    }


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    """What a person reads: each line that asks for something names the command that goes on from there."""
    night = "none yet; `subgroups run` starts one"
    if found["last_night_at"]:
        night = f"{_minute(found['last_night_at'])}: {found['last_night']}"
    readers = f"snapshot {found['shown_snapshot']}" if found["shown_snapshot"] else "nothing is published yet"
    if found["is_rolled_back"]:
        readers += f", kept by a rollback; the newest is {found['newest_snapshot']} (`subgroups publish release`)"
    held = "none"
    if found["held"]:
        since = _minute(found["oldest_held_at"])
        held = f"{found['held']} since {since}; `subgroups delivery list --state held` shows what waits for a person"
    late, faults = list(found["late_nights"]), found["districts_with_a_fault"]
    return [
        ("last night", night),
        ("readers see", readers),
        ("districts", f"{found['districts']}, of which {found['districts_published']} are published"),
        ("held", held),
        ("late", f"{len(late)}: {some_of(late)}; `subgroups district list --late` shows since when" if late else "none"),
        ("no fetching", f"{len(faults)}: {some_of(faults)}; `subgroups run` says why" if faults else "none"),
        ("disk", f"{found['disk_free_gib']} GiB free"),
    ]


def _minute(moment: str) -> str:
    return f"{moment[:10]} {moment[11:16]} UTC"
