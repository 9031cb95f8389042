"""Nights in a row: what a person decides, older exports, changed settings, deltas, and a district whose build fails."""

from __future__ import annotations

import pytest

from subgroup_pipeline.build.scope import set_scope
from subgroup_pipeline.errors import LedgerError
from subgroup_pipeline.registry import decisions
from subgroup_pipeline.registry.ledger import get_delivery
from tests.night.conftest import MAPS, TwoNights
from tests.support import small_district as small
from tests.support.installation import Installation, zip_of
from tests.support.wrapped import wrapped
from tests.torture.plants import slips_in

pytestmark = pytest.mark.slow


def _states(installation: Installation, district: str, feed: str = "roster") -> list[str]:
    return [delivery["state"] for delivery in installation.deliveries(district, feed)]


def _decide(installation: Installation, decision: str, district: str, at: int = -1) -> None:
    delivery_id = installation.deliveries(district, "roster")[at]["delivery_id"]
    with installation.registry.begin() as session:
        getattr(decisions, decision)(session, get_delivery(session, delivery_id), by="Ana", reason="looked at it")


def _students(installation: Installation) -> dict[str, int]:
    return dict(installation.ask("select district_id, student_count from marts.dim_district"))


@pytest.mark.slow
def test_held_deliveries_wait_for_a_person_and_older_exports_are_held(installation: Installation) -> None:
    for district in ("shrinks", "reverts", "first", "second_look"):
        installation.apply(small.settings(district, **({"accept": "review"} if district == "first" else {})))
        installation.upload(district, "roster", small.roster(100))
    installation.night()
    assert _students(installation) == {"shrinks": 100, "reverts": 100, "second_look": 100}
    assert _states(installation, "first") == ["held"]
    assert installation.codes("first", "roster") >= {"FST701"}

    _decide(installation, "approve", "first")
    installation.upload("shrinks", "roster", small.roster(60))
    installation.upload("reverts", "roster", small.roster(101))
    installation.upload("second_look", "roster", small.roster(105))
    installation.night()
    assert _students(installation) == {"shrinks": 100, "reverts": 101, "second_look": 105, "first": 100}
    assert _states(installation, "shrinks") == ["published", "held"]
    assert "VOL301" in installation.codes("shrinks", "roster")

    _decide(installation, "approve", "shrinks")
    _decide(installation, "reject", "second_look")
    installation.upload("reverts", "roster", small.roster(100))
    installation.night()
    assert _students(installation) == {"shrinks": 60, "reverts": 101, "second_look": 100, "first": 100}
    assert _states(installation, "reverts") == ["superseded", "published", "held"]
    assert "OLD801" in installation.codes("reverts", "roster")
    assert _states(installation, "second_look") == ["published", "rejected"]

    installation.upload("reverts", "roster", small.roster(102))
    installation.night()
    assert _states(installation, "reverts") == ["superseded", "superseded", "superseded", "published"]
    with pytest.raises(LedgerError, match="only a held one"):
        _decide(installation, "approve", "reverts", at=2)


@pytest.mark.xdist_group("two nights")
def test_changed_settings_judge_a_held_file_again(two_nights: TwoNights) -> None:
    assert two_nights.states_of_maps == ["held"]
    assert _states(two_nights.installation, MAPS, "subgroups") == ["published"]
    assert two_nights.installation.district_report(MAPS)["english_learner", "not_reported"] == 10


@pytest.mark.slow
def test_deltas_change_what_is_live_and_a_held_one_stops_the_next(installation: Installation) -> None:
    district = installation.apply(small.settings("delta"))
    other = installation.apply(small.settings("no_base"))
    full = small.roster(100)
    header = full["users.csv"].split("\n")[0] + "\n"

    def delta(rows: list[str]) -> dict[str, bytes]:
        manifest = small.manifest({}).replace("file.users,absent", "file.users,delta")
        return {"roster.zip": zip_of({"manifest.csv": manifest, "users.csv": header + "\n".join(rows) + "\n"})}

    def row(number: int, status: str) -> str:
        return (
            f"s{number:03},{status},2026-09-30T00:00:00.000Z,true,school{number % 2},student,user{number},,"
            f"Given{number},Family{number},,{number:05},,,,,05,"
        )

    installation.upload(district, "roster", full)
    installation.upload(other, "roster", delta([row(1, "active")]))
    installation.night()
    assert "PKG008" in installation.codes(other, "roster")

    installation.upload(district, "roster", delta([row(1, "tobedeleted"), row(2, "tobedeleted"), row(200, "active")]))
    installation.night()
    assert _students(installation) == {"delta": 99}
    installation.upload(district, "roster", delta([row(number, "tobedeleted") for number in range(30, 70)]))
    installation.night()
    installation.upload(district, "roster", delta([row(1, "active")]))
    installation.night()
    assert _states(installation, district) == ["superseded", "published", "held", "landed"]
    assert "PKG010" in installation.codes(district, "roster")
    _decide(installation, "approve", district, at=2)
    installation.night()
    assert _states(installation, district) == ["superseded", "superseded", "superseded", "published"]
    assert _students(installation) == {"delta": 60}


@pytest.mark.slow
def test_a_district_whose_build_fails_keeps_what_is_published(installation: Installation) -> None:
    """A row that slips in after the checks: a district that harms nobody."""
    districts = [installation.apply(small.settings(f"d{number:02}")) for number in range(5)]
    for district in districts:
        installation.upload(district, "roster", small.roster(40))
    installation.night()
    for district in districts:
        installation.upload(district, "roster", small.roster(41))
    with wrapped(set_scope, slips_in("d02")):
        installation.night()
    assert _students(installation) == {"d00": 41, "d01": 41, "d02": 40, "d03": 41, "d04": 41}
    assert _states(installation, "d02") == ["published", "held"]
    assert "BLD001" in installation.codes("d02", "roster")
    _decide(installation, "approve", "d02")
    installation.night()
    assert set(_students(installation).values()) == {41}
