"""The same content sent again: seen again, or a delivery of its own, as what is live says; and uploads that wait."""

from __future__ import annotations

import pytest

from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.delivery_record import DeliveryRecord
from subgroup_pipeline.registry.ledger import (
    all_deliveries,
    deliveries_in,
    latest_delivery,
)
from subgroup_pipeline.registry.receiving import set_waiting
from tests.registry.deliveries import in_state, read_anew, register


def test_the_same_content_again_is_noted_on_the_delivery_that_has_it(registry: Registry) -> None:
    """Two zips of the same CSVs differ in their bytes and not in their content."""
    with registry.begin() as session:
        first, is_new = register(session, "content", sha256="one zip")
        again, is_new_again = register(session, "content", sha256="another zip")
    assert (is_new, is_new_again) == (True, False)
    assert again.delivery_id == first.delivery_id
    assert (again.sha256, again.seen_again_count) == ("one zip", 1)
    assert again.seen_again_at is not None


def test_ten_times_the_same_content_is_one_delivery(registry: Registry) -> None:
    with registry.begin() as session:
        for _ in range(10):
            register(session, "content")
    assert [d.seen_again_count for d in all_deliveries(registry)] == [9]


def test_the_content_of_an_older_delivery_is_a_new_delivery(registry: Registry) -> None:
    with registry.begin() as session:
        outcomes = [register(session, content)[1] for content in ("a", "b", "a")]
    assert outcomes == [True, True, True]


@pytest.mark.parametrize("state", ["accepted", "published"])
def test_what_is_live_is_seen_again_whatever_came_between(registry: Registry, state: str) -> None:
    """A file that went back to the live bytes after two rejected tries was held as an older one."""
    with registry.begin() as session:
        live = in_state(session, state, "live")
        in_state(session, "rejected", "first try")
        in_state(session, "rejected", "second try")
        again, is_new = register(session, "live")
        assert (again.delivery_id, is_new, again.seen_again_count) == (live.delivery_id, False, 1)
    assert [d.state for d in all_deliveries(registry)] == [state, "rejected", "rejected"]


@pytest.mark.parametrize("undecided", ["received", "screened", "landed", "held"])
def test_sending_again_what_is_live_takes_back_what_waits(registry: Registry, undecided: str) -> None:
    with registry.begin() as session:
        in_state(session, "published", "live")
        waits = in_state(session, undecided, "mistake")
        register(session, "live")
        assert waits.state == "superseded"


def test_sending_live_changes_again_takes_nothing_back(registry: Registry) -> None:
    with registry.begin() as session:
        in_state(session, "published", "live").record = DeliveryRecord(is_delta=True)
        waits = in_state(session, "held", "later changes")
        assert register(session, "live")[1] is False
        assert waits.state == "held"


def test_bytes_that_were_live_once_are_still_held(registry: Registry) -> None:
    with registry.begin() as session:
        in_state(session, "superseded", "old")
        in_state(session, "published", "live")
        in_state(session, "rejected", "a try")
        delivery, is_new = register(session, "old")
        assert is_new
    assert [f.code for f in read_anew(registry, delivery.delivery_id).findings] == ["OLD801"]


@pytest.mark.parametrize("other", [{"district": "beta"}, {"feed": "subgroups"}])
def test_the_same_content_elsewhere_is_a_delivery_there(registry: Registry, other: dict[str, str]) -> None:
    with registry.begin() as session:
        register(session, "a")
        assert register(session, "a", **other)[1] is True


def test_a_waiting_upload_is_one_row_that_goes_away_with_it(registry: Registry) -> None:
    with registry.begin() as session:
        set_waiting(session, "alpha", "roster", ["users.csv"])
        set_waiting(session, "alpha", "roster", ["users.csv", "orgs.csv"])
    (row,) = all_deliveries(registry)
    assert (row.state, row.sha256, row.record.as_json()) == ("received", None, {"files_waiting": 2})
    with registry.begin() as session:
        set_waiting(session, "alpha", "roster", [])
    assert all_deliveries(registry) == []


def test_nothing_waiting_leaves_real_deliveries_and_other_feeds_alone(registry: Registry) -> None:
    with registry.begin() as session:
        register(session, "a")
        set_waiting(session, "alpha", "subgroups", ["s.csv"])
        set_waiting(session, "beta", "roster", ["r.csv"])
        set_waiting(session, "alpha", "roster", [])
    assert len(all_deliveries(registry)) == 3


def test_a_waiting_upload_is_neither_the_latest_nor_judged(registry: Registry) -> None:
    with registry.begin() as session:
        delivery, _ = register(session, "a")
        set_waiting(session, "alpha", "roster", ["late.zip"])
        session.flush()
        latest = latest_delivery(session, "alpha", "roster")
        assert latest is not None
        assert latest.delivery_id == delivery.delivery_id
        assert [d.delivery_id for d in deliveries_in(session, ["received"])] == [delivery.delivery_id]
