"""Uploaded bytes leave with their time, also those that no delivery names."""

from __future__ import annotations

import io
import os
import time
import zipfile
from pathlib import Path

from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.schema import Delivery
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.place import Place
from tests.support.servers import World
from tests.support.upkeep import clear

ROSTER = small.roster()


def test_a_zip_that_said_nothing_new_leaves_and_the_one_that_did_stays(world: World) -> None:
    """An export that zips unchanged files anew each night left one zip of student data a night, for ever."""
    world.put("alpha", "roster", "one.zip", zip_of(ROSTER))
    world.fetch()
    world.put("alpha", "roster", "two.zip", _zipped_anew(ROSTER))
    assert world.fetch().seen_again == 1
    kept, again = sorted(world.archived(), key=lambda path: path.name != world.deliveries()[0].sha256)
    assert clear(world.settings, world.registry, days=29) == {"scratch": 1}, "what a landing would have taken, and none came"
    assert world.archived() == sorted([kept, again])
    assert clear(world.settings, world.registry, days=31) == {"archive": 1}
    assert world.archived() == [kept]
    assert not again.exists()


def test_files_of_a_set_that_never_became_whole_leave(world: World) -> None:
    world.drop("alpha", "roster", {name: text for name, text in ROSTER.items() if name != "users.csv"}, age=70)
    assert world.fetch().new == []
    assert len(world.archived()) == 1, "manifest.csv was kept to see what is missing"
    for path in (world.root / "alpha" / "inbox" / "roster").iterdir():
        path.unlink()
    assert clear(world.settings, world.registry, days=31) == {"archive": 1}
    assert world.archived() == []


def test_bytes_of_a_delivery_that_is_over_stay_for_their_days(place: Place) -> None:
    place.add()
    over, live = (place.deliver("subgroups", {"s.csv": small.subgroups(students)}) for students in (3, 4))
    place.set_state(over, "superseded")
    place.set_state(live, "published")
    assert clear(place.settings, place.registry, days=29) == {}
    assert clear(place.settings, place.registry, days=31) == {"archive": 1}
    assert not _archived(place, over).exists()
    assert _archived(place, live).exists()


def test_a_full_set_stays_for_as_long_as_changes_rest_on_it(place: Place) -> None:
    place.add()
    full, first, second = (place.deliver("roster", {"orgs.csv": f"sourcedId\n{number}\n"}) for number in range(3))
    _rest_on(place.registry, first, full)
    _rest_on(place.registry, second, first)
    for delivery, state in ((full, "superseded"), (first, "superseded"), (second, "published")):
        place.set_state(delivery, state)
    assert clear(place.settings, place.registry, days=400) == {}
    place.set_state(second, "rejected")
    assert clear(place.settings, place.registry, days=400) == {"archive": 3}


def test_the_ledger_cannot_make_a_young_file_leave(place: Place) -> None:
    """The same bytes that came again yesterday, of a delivery that was over long ago."""
    place.add()
    over = place.deliver("subgroups", {"s.csv": small.subgroups()})
    place.set_state(over, "superseded")
    then = time.time() + 30 * 86400
    os.utime(_archived(place, over), (then, then))
    assert clear(place.settings, place.registry, days=31) == {}
    assert clear(place.settings, place.registry, days=61) == {"archive": 1}


def _zipped_anew(files: dict[str, str]) -> bytes:
    """The same members in other bytes, as a later export has other times in its zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return buffer.getvalue()


def _archived(place: Place, delivery_id: str) -> Path:
    (file,) = place.delivery(delivery_id).files
    return DistrictArchive(place.settings.paths, "alpha").place(file.sha256)


def _rest_on(registry: Registry, delta: str, base: str) -> None:
    with registry.begin() as session:
        session.get_one(Delivery, delta).base_delivery_id = base
