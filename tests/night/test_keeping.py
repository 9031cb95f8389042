"""Keeping an installation: roll back, rebuild from archive and ledger, back up and restore."""

from __future__ import annotations

from pathlib import Path

import pytest

from subgroup_pipeline.desk.releases import release_now
from subgroup_pipeline.disclosure.release_tables import PUBLIC_TABLES
from subgroup_pipeline.disclosure.shareable import SHAREABLE
from subgroup_pipeline.publish.current import release, roll_back
from subgroup_pipeline.publish.reader import open_published, open_snapshot
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.ledger import all_deliveries
from subgroup_pipeline.settings import Settings, load_settings
from subgroup_pipeline.upkeep.backup import back_up, restore
from tests.support import small_district as small
from tests.support.installation import Installation, zip_of

_MARTS = (
    "dim_school", "dim_course", "dim_student", "dim_subgroup", "fct_enrollment", "fct_student_subgroup",
    "rpt_district_subgroup", "rpt_school_subgroup", "rpt_course_subgroup", "rpt_student_subgroup",
)  # fmt: skip


def _marts(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    with open_published(settings) as connection:
        return {table: sorted(connection.execute(f"from marts.{table}").fetchall(), key=str) for table in _MARTS}


def _shared(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    with open_snapshot(settings.paths.current_snapshot.resolve() / SHAREABLE, settings) as connection:
        return {table.name: connection.execute(f"from public.{table.name}").fetchall() for table in PUBLIC_TABLES}


def _delta(rows: str) -> dict[str, bytes]:
    header = small.roster(1)["users.csv"].split("\n")[0] + "\n"
    manifest = small.manifest({}).replace("file.users,absent", "file.users,delta")
    return {"roster.zip": zip_of({"manifest.csv": manifest, "users.csv": header + rows + "\n"})}


@pytest.mark.slow
def test_what_is_lost_is_made_again_from_archive_and_ledger(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for district in ("bulk", "delta"):
        installation.apply(small.settings(district))
        installation.upload(district, "roster", small.roster(40))
        installation.upload(district, "subgroups", {"s.csv": small.subgroups(40)})
    installation.night()
    first = _marts(installation.settings)
    gone = "s001,tobedeleted,2026-09-30T00:00:00.000Z,true,school1,student,user1,,Given1,Family1,,00001,,,,,05,"
    installation.upload("delta", "roster", _delta(gone))
    installation.night()
    second = _marts(installation.settings)
    assert first != second

    shown = roll_back(installation.settings)
    assert _marts(installation.settings) == first
    installation.night()
    assert installation.settings.paths.current_snapshot.resolve().name == shown, "a night does not end a rollback"
    release(installation.settings)
    assert _marts(installation.settings) == second

    for place in installation.settings.paths.warehouse.glob("*.duckdb*"):
        place.unlink()
    installation.night()
    assert _marts(installation.settings) == second

    shared = _shared(installation.settings)
    back_up(installation.registry, installation.settings, tmp_path / "backup.tar")
    before = [delivery["delivery_id"] for delivery in installation.deliveries()]
    monkeypatch.setenv("SUBGROUPS_HOME", str(tmp_path / "restored"))
    settings = load_settings()
    assert restore(settings, tmp_path / "backup.tar") == len(before)
    registry = open_registry(settings)
    assert [delivery.delivery_id for delivery in all_deliveries(registry)] == before
    from subgroup_pipeline.orchestration.instance import run_night

    assert run_night(settings).success
    assert _marts(settings) == second
    assert _shared(settings) == shared, "the releases are those that were out when the backup was made"
    made = release_now(registry, settings, district, by="test", reason="a correction")
    registry.close()
    assert made.snapshot == settings.paths.current_snapshot.resolve().name
    assert made.release_id not in {row[0] for row in shared["release"]}
