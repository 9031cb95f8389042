"""A delivery that ends runs while it is read is found out, read alone, and set aside; no other is."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from subgroup_pipeline.landing.interrupted import being_read, count_ended_runs
from subgroup_pipeline.registry.decisions import replay
from subgroup_pipeline.registry.ledger import get_delivery
from tests.conftest import ROOT
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.place import Place

KILLED = """
import sys
from subgroup_pipeline.landing.land import land_deliveries
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.settings import load_settings
from tests.torture.kills import KillAt, arm

settings = load_settings(home=sys.argv[1])
registry = open_registry(settings)
arm(KillAt(ReadingPool.read_shape, about=sys.argv[2]))
with open_warehouse(settings) as connection:
    land_deliveries(connection, registry, settings, registered_districts(registry))
"""
"""Lands, and dies by SIGKILL when the first file of a delivery is to be read."""


def _land_and_die(place: Place, delivery: str) -> None:
    command = [sys.executable, "-c", KILLED, str(place.settings.home), delivery]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=120).returncode == -signal.SIGKILL


@pytest.fixture
def three(place: Place) -> tuple[str, ...]:
    """Deliveries of three districts: the one in the middle ends runs."""
    return tuple(
        place.deliver("roster", {"roster.zip": zip_of(small.roster(10 + n))}, place.add(district))
        for n, district in enumerate(("alpha", "beta", "gamma"))
    )


def test_what_ended_two_runs_is_set_aside_and_the_others_are_landed(place: Place, three: tuple[str, ...]) -> None:
    good, bad, other = three
    _land_and_die(place, bad)
    _land_and_die(place, bad)
    place.land()
    assert [place.delivery(d).state for d in three] == ["landed", "rejected", "landed"]
    assert (place.codes(good), place.codes(bad), place.codes(other)) == (set(), {"PKG022"}, set())
    assert place.delivery(good).record.ended_runs == place.delivery(other).record.ended_runs == 0
    assert not list(place.settings.paths.scratch.glob("*.reading"))
    with place.registry.begin() as session:  # the mend, followed
        replay(session, get_delivery(session, bad), by="Ana")
    place.land()
    assert (place.delivery(bad).state, place.codes(bad)) == ("landed", set())


def test_what_ended_one_run_and_is_read_by_the_next_is_as_before(place: Place, three: tuple[str, ...]) -> None:
    _land_and_die(place, three[1])
    place.land()
    assert [place.delivery(d).state for d in three] == ["landed"] * 3
    assert place.delivery(three[1]).record.ended_runs == 0


class UnforeseenError(RuntimeError):
    """A fault of ours that some bytes bring about."""


@pytest.mark.parametrize(
    ("ending", "runs"), [(UnforeseenError(), 1), (OSError(28, "No space left on device"), 0), (KeyboardInterrupt(), 0)]
)
def test_a_full_disk_or_a_person_who_stops_the_run_is_no_fault_of_the_upload(
    place: Place, three: tuple[str, ...], ending: BaseException, runs: int
) -> None:
    scratch = place.settings.paths.scratch
    with pytest.raises(type(ending)), being_read(scratch, three[0]):
        raise ending
    count_ended_runs(place.registry, scratch)
    assert place.delivery(three[0]).record.ended_runs == runs
