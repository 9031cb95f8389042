"""Damage to what is published or archived: noticed, told, mended where it is derived, and never a district less for readers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from subgroup_pipeline.errors import ArchiveDamagedError, DiskFullError
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.intake.archive_proof import lost_files, require_archive
from subgroup_pipeline.publish import snapshot as snapshots
from subgroup_pipeline.publish.manifest import read_manifest, snapshot_names
from subgroup_pipeline.publish.snapshot import Published, publish_snapshot
from subgroup_pipeline.registry.damage import damage_since
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.upkeep.proof import is_proof_due, prove_all
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support.installation import Installation

pytestmark = pytest.mark.xdist_group("publish")

_numbers = count(1)
_REPORT = "from marts.rpt_district_subgroup order by all"


def _publish(installation: Installation) -> Published:
    published = publish_snapshot(installation.registry, installation.settings, run_id="test")
    assert published is not None
    return published


@pytest.fixture
def newest(built: Installation) -> Path:
    """A snapshot that was just published; its findings differ from those before."""
    (delivery, *_) = built.deliveries("alpha", "roster")
    finding = Finding("PKG005", file=f"damage_{next(_numbers)}.txt")
    with built.registry.begin() as session:
        store_findings(session, "landing", "alpha", delivery["delivery_id"], [finding])
    published = _publish(built)
    assert published.is_new
    return built.settings.paths.published / published.manifest.snapshot


@pytest.fixture
def begun() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def archived(built: Installation) -> Iterator[Path]:
    """The archived roster of beta, put back afterwards."""
    (roster,) = built.deliveries("beta", "roster")
    path = DistrictArchive(built.settings.paths, "beta").place(roster["sha256"])
    kept = path.read_bytes()
    yield path
    path.write_bytes(kept)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", [_flip, lambda path: path.write_bytes(b""), Path.unlink], ids=["flipped", "emptied", "gone"])
def test_a_snapshot_without_a_whole_manifest_counts_as_none(built: Installation, newest: Path, damage) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    before = built.ask(_REPORT)
    damage(newest / "manifest.json")
    manifest = read_manifest(built.settings)
    assert manifest is not None
    assert manifest.snapshot < newest.name
    assert built.ask(_REPORT) == before, "readers keep what they have until there is a new one"
    published = _publish(built)
    assert published.is_new
    assert published.manifest.snapshot == built.settings.paths.current_snapshot.resolve().name > newest.name
    assert {delivery["state"] for delivery in built.deliveries()} == {"published"}


@pytest.mark.parametrize("name", ["analytics.duckdb", "lake/dim_student/district_id=beta/data.parquet"])
def test_a_flipped_byte_in_a_snapshot_is_found_and_published_anew(built: Installation, newest: Path, name: str) -> None:
    before = built.ask(_REPORT)
    prove_all(built.registry, built.settings, run_id="test")
    assert prove_all(built.registry, built.settings, run_id="test").damage == [], "what was set aside is told once"
    _flip(newest / name)
    (said,) = prove_all(built.registry, built.settings, run_id="test").damage[-1:]
    assert newest.name in said
    assert newest.name not in snapshot_names(built.settings)
    shown = built.settings.paths.current_snapshot.resolve().name
    assert shown > newest.name
    assert shown in said
    assert built.ask(_REPORT) == before
    assert not is_proof_due(built.registry, datetime.now(UTC))


def test_a_rebuild_is_refused_while_an_archived_file_is_missing_or_damaged(built: Installation, archived: Path) -> None:
    require_archive(built.registry, built.settings)
    _flip(archived)
    with pytest.raises(ArchiveDamagedError, match=r"nothing was dropped.*beta: roster.zip of delivery .* is damaged.*upload"):
        require_archive(built.registry, built.settings)
    (said,) = prove_all(built.registry, built.settings, run_id="test").damage
    assert "beta: roster.zip" in said
    archived.unlink()
    with pytest.raises(ArchiveDamagedError, match=r"beta: roster.zip of delivery .* is missing"):
        require_archive(built.registry, built.settings)
    assert [lost.district_id for lost in lost_files(built.registry, built.settings)] == ["beta"]


def test_a_district_that_the_warehouse_lost_keeps_its_published_rows(built: Installation, newest: Path, begun: datetime) -> None:
    tables = ["marts.dim_student", "marts.rpt_school_subgroup", "quality.reconciliation", "marts.rpt_district_subgroup"]
    before = {table: built.ask(f"from {table} where district_id = 'beta' order by all") for table in tables}
    working = built.settings.paths.analytics_database
    kept = working.read_bytes()
    with open_warehouse(built.settings) as connection:
        build = connection.execute("from control.build").fetchall()
        connection.execute("delete from control.build where district_id = 'beta'")
        for (table,) in connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall():
            connection.execute(f"delete from analytics.marts.{table} where district_id = 'beta'")
    try:
        _flip(newest / "analytics.duckdb")  # its rows are not taken, but those of the snapshot before it
        assert _publish(built).is_new
        for table, rows in before.items():
            assert built.ask(f"from {table} where district_id = 'beta' order by all") == rows, table
        assert any("older rows of beta" in said for said in damage_since(built.registry, begun))
    finally:
        working.write_bytes(kept)
        with open_warehouse(built.settings) as connection:
            connection.execute("delete from control.build")
            connection.executemany("insert into control.build values (?, ?)", build)


def test_a_publish_without_room_is_not_begun(built: Installation, newest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (newest / "manifest.json").write_bytes(b"")
    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "room_for_a_snapshot", lambda _: 2**60)
        with pytest.raises(DiskFullError, match=r"too full for a new snapshot.*Free space and run `subgroups run`"):
            _publish(built)
    assert not list(built.settings.paths.published.glob(".*.building"))
    assert _publish(built).is_new
