"""A night over damaged files: derived ones and bookkeeping are made anew in the same run, and no reader loses a district."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from subgroup_pipeline.cli.maintenance import rebuild
from subgroup_pipeline.desk.doctor import examine
from subgroup_pipeline.errors import ArchiveDamagedError
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.registry.damage import damage_since
from subgroup_pipeline.upkeep.bookkeeping import damaged_files
from tests.support import small_district as small
from tests.support.installation import Installation, zip_of

_REPORT = "from marts.rpt_school_subgroup order by all"


@pytest.mark.slow
def test_a_damaged_home_has_a_good_night(installation: Installation) -> None:
    packages = {"alpha": zip_of(small.roster(20)), "beta": zip_of(small.roster(30))}
    for district, package in packages.items():
        installation.apply(small.settings(district))
        installation.drop(district, "roster", {"roster.zip": package})
        installation.drop(district, "subgroups", {"subgroups.csv": small.subgroups(20)})
    installation.night()
    home = installation.settings.paths
    before = installation.ask(_REPORT)
    snapshot = home.current_snapshot.resolve().name

    (beta, _) = installation.deliveries("beta")
    DistrictArchive(home, "beta").place(beta["sha256"]).unlink()
    with pytest.raises(ArchiveDamagedError, match=r"nothing was dropped.*beta: roster.zip"):
        rebuild()
    assert home.raw_database.stat().st_size > 100_000

    home.raw_database.write_text("a letter\n" * 1000)
    (home.dagster / "history" / "runs" / "index.db").write_bytes(b"")
    (home.dagster / "history" / "runs.db").write_text("a letter\n" * 1000)
    begun = datetime.now(UTC)
    installation.night()

    assert installation.ask(_REPORT) == before, "beta could not be read again, so its published rows were carried over"
    assert {delivery["state"] for delivery in installation.deliveries()} == {"published"}
    said = " ".join(damage_since(installation.registry, begun))
    for words in (
        "raw.duckdb in the warehouse was damaged",
        "damaged files (runs.db, index.db) were set aside",
        "older rows of beta",
    ):
        assert words in said
    assert damaged_files(installation.settings, every_page=True) == []
    assert not list(home.warehouse.glob("*.damaged"))
    assert home.current_snapshot.resolve().name >= snapshot
    assert any("beta: roster.zip" in told.what and told.level == "error" for told in examine())

    # The district sends the same bytes again: they take their place in the archive, and the next run lands them.
    installation.drop("beta", "roster", {"roster.zip": packages["beta"]})
    installation.night()
    assert installation.ask(_REPORT) == before
    assert not any("beta: roster.zip" in told.what for told in examine())
