"""Three nights of two districts: what is right is published, and what brings nothing new changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import small_district as small
from tests.support.installation import Installation, installation_in, zip_of
from tests.support.registry_statements import Statement, scans, statements


@dataclass
class Nights:
    """The installation after its nights, the snapshot that was shown after each, and what the registry was asked in two."""

    installation: Installation
    snapshots: list[Path]
    said: list[Statement]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    """The second night brings nothing, and the third the very same bytes of a district's roster."""
    with installation_in(tmp_path_factory.mktemp("nights") / "home") as installation:
        found = Nights(installation, [], [])

        def night() -> None:
            with statements() as said:
                installation.night()
            found.snapshots.append(Path(installation.settings.paths.current_snapshot).resolve())
            found.said += said if len(found.snapshots) < 3 else []

        for district in ("alpha", "beta"):
            installation.apply(small.settings(district))
        installation.upload("alpha", "roster", {"roster.zip": zip_of(small.roster())})
        installation.upload("alpha", "subgroups", {"subgroups.csv": small.subgroups()})
        installation.upload("beta", "roster", small.roster())
        night()
        night()
        installation.upload("beta", "roster", small.roster())
        night()
        yield found


def test_a_zip_and_a_subgroup_file_become_marts(nights: Nights) -> None:
    assert [(d["state"], d["verdict"], d["proof"]) for d in nights.installation.deliveries("alpha")] == [
        ("published", "accepted", "zip_crc"),
        ("published", "accepted", "settled"),
    ]
    assert nights.installation.district_report("alpha") == {
        ("all_students", "all"): 10,
        ("english_learner", "yes"): 4,
        ("english_learner", "no"): 6,
        ("students_with_disabilities", "no"): 10,
    }


def test_a_night_with_nothing_new_publishes_nothing(nights: Nights) -> None:
    assert len(set(nights.snapshots)) == 1
    scanned = scans(nights.installation.registry.engine, nights.said)
    assert not scanned, "\n".join(scanned)


def test_the_same_bytes_again_are_noted_and_change_nothing(nights: Nights) -> None:
    (delivery,) = nights.installation.deliveries("beta")
    assert delivery["seen_again_count"] == 1
    assert delivery["state"] == "published"
    assert nights.installation.sftp("beta").listdir("inbox/roster") == []
