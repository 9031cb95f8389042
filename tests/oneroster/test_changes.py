"""Between full fetches only what changed is asked for, and what is kept is the whole list all the same."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from subgroup_pipeline.intake.oneroster.changes import DAYS, is_full_due
from subgroup_pipeline.intake.sources import oneroster_api
from tests.oneroster_server.server import District
from tests.support.roster_server import FetchedHome

NEWEST = "2026-09-01T00:00:12.000Z"


@pytest.fixture(autouse=True)
def no_full_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oneroster_api, "is_full_due", lambda *_: False)


def offered(home: FetchedHome, **behaviour: object) -> District:
    """A district whose objects changed at different times; it was fetched in full, and what it is asked from now on is noted."""
    district = home.offer(behaviour=behaviour)
    for objects in district.lists.values():
        for number, one in enumerate(objects):
            one["dateLastModified"] = f"2026-09-01T00:00:{number:02}.000Z"
    assert len(home.fetch().new) == 1
    district.asked.clear()
    return district


def asked(district: District, collection: str) -> list[tuple[int, str]]:
    return [(offset, where) for name, offset, where in district.asked if name == collection]


def holds(home: FetchedHome, district: District) -> None:
    """What is kept is what the server has."""
    for collection, objects in district.lists.items():
        assert home.kept(collection) == objects, collection


def test_a_quiet_night_asks_for_changes_and_totals_only(home: FetchedHome) -> None:
    district = offered(home)
    fetched = home.fetch()
    assert (fetched.seen_again, fetched.new, fetched.faults) == (1, [], {})
    since = "dateLastModified>'2026-09-01T00:00:09.000Z'"
    assert asked(district, "users") == asked(district, "enrollments") == [(0, since), (0, "")]
    assert asked(district, "orgs") == [(0, "")]
    home.land()
    assert home.came()[0].record.files["users.csv"].landed == 10


def test_what_changed_came_and_was_marked_as_deleted_is_put_into_the_list(home: FetchedHome) -> None:
    district = offered(home)
    users = district.lists["users"]
    users[3] |= {"dateLastModified": NEWEST, "givenName": "Changed"}
    users[5] |= {"dateLastModified": NEWEST, "status": "tobedeleted"}
    users.insert(0, users[0] | {"sourcedId": "a-new-one", "dateLastModified": NEWEST})
    assert len(home.fetch().new) == 1
    holds(home, district)
    assert asked(district, "users") == [(0, "dateLastModified>'2026-09-01T00:00:09.000Z'"), (0, ""), (0, "")]
    district.asked.clear()
    assert home.fetch().seen_again == 1
    assert asked(district, "users")[0] == (0, f"dateLastModified>'{NEWEST}'")


def test_who_left_without_a_word_is_found_at_once(home: FetchedHome) -> None:
    district = offered(home)
    district.lists["users"].pop(4)
    assert len(home.fetch().new) == 1
    holds(home, district)
    last = district.lists["users"][-1]
    district.lists["users"].pop(4)
    district.lists["users"].append(last | {"sourcedId": "z", "dateLastModified": NEWEST})
    assert len(home.fetch().new) == 1
    holds(home, district)


@pytest.mark.parametrize("behaviour", [{"filters": False}, {"gives_total": False}])
def test_a_server_that_cannot_tell_changes_is_asked_for_everything(home: FetchedHome, behaviour: dict[str, object]) -> None:
    district = offered(home, **behaviour)
    assert home.fetch().seen_again == 1
    district.lists["users"].pop(4)
    district.lists["users"][4]["givenName"] = "Changed"
    assert len(home.fetch().new) == 1
    holds(home, district)


def test_objects_without_times_of_their_own_are_fetched_in_full(home: FetchedHome) -> None:
    district = home.offer()
    home.fetch()
    district.asked.clear()
    district.lists["users"][4]["givenName"] = "Changed"
    assert len(home.fetch().new) == 1
    assert [where for _, where in asked(district, "users")] == ["", "", ""]


def test_a_change_that_has_no_newer_time_is_found_on_the_full_day(home: FetchedHome, monkeypatch: pytest.MonkeyPatch) -> None:
    district = offered(home)
    district.lists["users"][4]["givenName"] = "Changed"
    assert home.fetch().new == []
    monkeypatch.setattr(oneroster_api, "is_full_due", lambda *_: True)
    assert len(home.fetch().new) == 1
    holds(home, district)
    assert home.fetch().seen_again == 1


def test_every_district_has_one_full_day_a_week_and_they_are_spread() -> None:
    days = [date(2026, 11, 1) + timedelta(days=number) for number in range(DAYS)]
    full = [[day for day in days if is_full_due(f"district{number}", day)] for number in range(100)]
    assert {len(of_district) for of_district in full} == {1}
    assert {of_district[0] for of_district in full} == set(days)
