"""One night over several districts: what is right is published, what is wrong is said, nobody harms anybody."""

from __future__ import annotations

from pathlib import Path

from tests.support import small_district as small
from tests.support.installation import Installation, zip_of
from tests.support.registry_statements import scans, statements


def test_a_zip_and_a_subgroup_file_become_marts(installation: Installation) -> None:
    district = installation.apply(small.settings("alpha"))
    installation.upload(district, "roster", {"roster.zip": zip_of(small.roster())})
    installation.upload(district, "subgroups", {"subgroups.csv": small.subgroups()})
    installation.night()
    assert [(d["state"], d["verdict"], d["proof"]) for d in installation.deliveries()] == [
        ("published", "accepted", "zip_crc"),
        ("published", "accepted", "settled"),
    ]
    assert installation.district_report(district) == {
        ("all_students", "all"): 10,
        ("english_learner", "yes"): 4,
        ("english_learner", "no"): 6,
        ("students_with_disabilities", "no"): 10,
    }


def test_a_second_night_with_nothing_new_publishes_nothing(installation: Installation) -> None:
    district = installation.apply(small.settings("alpha"))
    installation.upload(district, "roster", {"roster.zip": zip_of(small.roster())})
    with statements() as said:
        installation.night()
    first = Path(installation.settings.paths.current_snapshot).resolve()
    with statements() as said_again:
        installation.night()
    assert Path(installation.settings.paths.current_snapshot).resolve() == first
    scanned = scans(installation.registry.engine, said + said_again)
    assert not scanned, "\n".join(scanned)


def test_the_same_bytes_again_are_noted_and_change_nothing(installation: Installation) -> None:
    district = installation.apply(small.settings("alpha"))
    for _ in range(2):
        installation.upload(district, "roster", small.roster())
        installation.night()
    (delivery,) = installation.deliveries()
    assert delivery["seen_again_count"] == 1
    assert delivery["state"] == "published"
    assert installation.sftp(district).listdir("inbox/roster") == []
