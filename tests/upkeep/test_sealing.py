"""Plain files that a release before kept: sealed by the next night for every district that sent them, as old as they were."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from subgroup_pipeline.intake import archive as archive_module
from subgroup_pipeline.intake.archive import DistrictArchive, archived_files, unsealed_place
from subgroup_pipeline.intake.archive_proof import lost_files
from tests.support import small_district as small
from tests.support.place import Place
from tests.support.upkeep import clear

TEXT = small.subgroups()
SHA = hashlib.sha256(TEXT.encode()).hexdigest()
_DAY = 86400


@pytest.fixture
def old(place: Place) -> Path:
    """A home of the release before: two districts sent the same bytes, which lie once and in plain."""
    for district in ("alpha", "beta"):
        place.add(district)
        place.deliver("subgroups", {"s.csv": TEXT}, district)
        DistrictArchive(place.settings.paths, district).place(SHA).unlink()
    path = unsealed_place(place.settings.paths, SHA)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(TEXT)
    then = time.time() - 10 * _DAY
    os.utime(path, (then, then))
    return path


def _sealed(place: Place) -> list[Path]:
    return [DistrictArchive(place.settings.paths, district).place(SHA) for district in ("alpha", "beta")]


def test_a_plain_file_is_landed_where_it_lies_and_then_sealed_for_both_districts(place: Place, old: Path) -> None:
    landed = place.land()
    assert (len(landed.pending), landed.rejected) == (2, [])
    assert lost_files(place.registry, place.settings) == []
    assert clear(place.settings, place.registry) == {"plain_archive": 1}
    assert not old.exists()
    assert archived_files(place.settings.paths) == _sealed(place)
    assert not any(b"student_id" in path.read_bytes() for path in _sealed(place))
    assert all(DistrictArchive(place.settings.paths, district).is_whole(SHA) for district in ("alpha", "beta"))
    assert all(9 * _DAY < time.time() - path.stat().st_mtime < 11 * _DAY for path in _sealed(place)), "it leaves with its age"
    assert clear(place.settings, place.registry) == {}


def test_a_kill_between_two_districts_leaves_the_plain_file_for_the_next_night(
    place: Place, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = archive_module.IncomingFile.keep

    def killed(file: archive_module.IncomingFile) -> Path:
        kept = keep(file)
        raise KeyboardInterrupt(str(kept))

    with monkeypatch.context() as once:
        once.setattr(archive_module.IncomingFile, "keep", killed)
        with pytest.raises(KeyboardInterrupt):
            clear(place.settings, place.registry)
    assert old.exists()
    assert [path.exists() for path in _sealed(place)] == [True, False]
    clear(place.settings, place.registry)
    assert not old.exists()
    assert [path.exists() for path in _sealed(place)] == [True, True]


def test_a_plain_file_that_is_damaged_stays_to_be_told(place: Place, old: Path) -> None:
    old.write_text("something else")
    clear(place.settings, place.registry)
    assert old.exists()
    assert [lost.what for lost in lost_files(place.registry, place.settings, {old})] == ["damaged", "damaged"]


def test_a_plain_file_of_no_delivery_leaves_with_its_age(place: Place) -> None:
    path = unsealed_place(place.settings.paths, SHA)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(TEXT)
    assert clear(place.settings, place.registry, days=29) == {}
    assert clear(place.settings, place.registry, days=31) == {"archive": 1}
    assert not path.exists()
