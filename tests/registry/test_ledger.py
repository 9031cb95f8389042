"""The ledger: which steps a delivery may make, what the same bytes again are, and which delivery is live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from subgroup_pipeline.errors import LedgerError
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.delivery_record import DeliveryRecord, FileRecord
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.registry.judged_again import judge_changed_again
from subgroup_pipeline.registry.ledger import (
    advance,
    deliveries_in,
    describe_delivery,
    district_findings,
    find_by_beginning,
    get_deliveries,
    get_delivery,
    iso_time,
    live_deliveries,
    supersede_held,
    was_accepted_before,
)
from subgroup_pipeline.registry.receiving import new_delivery_id
from subgroup_pipeline.registry.schema import AuditEvent
from tests.registry.deliveries import in_state, read_anew, register

STATES = ("received", "screened", "landed", "held", "accepted", "published", "superseded", "rejected")


ALLOWED = {
    ("received", "screened"), ("received", "rejected"), ("received", "superseded"),
    ("screened", "landed"), ("screened", "held"), ("screened", "rejected"), ("screened", "superseded"),
    ("landed", "accepted"), ("landed", "held"), ("landed", "rejected"), ("landed", "superseded"), ("landed", "screened"),
    ("held", "accepted"), ("held", "rejected"), ("held", "superseded"), ("held", "screened"),
    ("accepted", "published"), ("accepted", "superseded"), ("accepted", "held"), ("accepted", "rejected"),
    ("accepted", "screened"),
    ("published", "superseded"), ("published", "rejected"),
    ("superseded", "accepted"), ("superseded", "published"),
    ("rejected", "screened"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), sorted(ALLOWED))
def test_a_step_of_the_design_is_made_and_audited(registry: Registry, before: str, after: str) -> None:
    with registry.begin() as session:
        delivery = in_state(session, before)
        advance(session, delivery, after, actor="ann", reason="why")  # type: ignore[arg-type]
    with registry.begin() as session:
        event = session.scalars(sa.select(AuditEvent).filter_by(kind="delivery.state")).one()
    assert delivery.state == after
    assert (event.actor, event.detail) == ("ann", {"from": before, "to": after, "reason": "why"})


@pytest.mark.parametrize(("before", "after"), sorted({(a, b) for a in STATES for b in STATES if a != b} - ALLOWED))
def test_any_other_step_is_refused_with_those_that_are_allowed(registry: Registry, before: str, after: str) -> None:
    with registry.begin() as session:
        delivery = in_state(session, before)
        with pytest.raises(LedgerError, match=f"is {before} and cannot become {after}; from here it can become"):
            advance(session, delivery, after)  # type: ignore[arg-type]
        assert delivery.state == before


def test_a_step_to_where_a_delivery_is_changes_verdict_and_record_only(registry: Registry) -> None:
    with registry.begin() as session:
        delivery = in_state(session, "landed")
        delivery.record = DeliveryRecord(student_ids=3, matched=1)
        advance(session, delivery, "landed", verdict="accepted", noted=DeliveryRecord(matched=2))
        assert (delivery.state, delivery.verdict, delivery.record.as_json()) == (
            "landed",
            "accepted",
            {"student_ids": 3, "matched": 2},
        )
        assert session.scalars(sa.select(AuditEvent).filter_by(kind="delivery.state")).all() == []


def test_a_record_is_still_there_after_the_transaction(registry: Registry) -> None:
    record = DeliveryRecord(files={"users.csv": FileRecord(table="users", landed=3)})
    with registry.begin() as session:
        delivery = in_state(session, "landed")
        advance(session, delivery, "accepted", noted=record)
    with registry.begin() as session:
        assert get_delivery(session, delivery.delivery_id).record == record


def test_a_delivery_refused_at_the_door_keeps_its_findings(registry: Registry) -> None:
    with registry.begin() as session:
        delivery, _ = register(session, "a", findings=[Finding("PKG007", file="a.xlsx")], is_rejected=True)
    described = describe_delivery(read_anew(registry, delivery.delivery_id))
    assert (described["state"], described["verdict"]) == ("rejected", "rejected")
    assert [(f["code"], f["severity"], f["file"]) for f in described["findings"]] == [("PKG007", "fatal", "a.xlsx")]


def test_the_live_delivery_is_the_newest_that_was_accepted(registry: Registry) -> None:
    with registry.begin() as session:
        in_state(session, "published", "a")
        accepted = in_state(session, "accepted", "b")
        for state, content in (("held", "c"), ("rejected", "d"), ("superseded", "e"), ("landed", "f")):
            in_state(session, state, content)
        in_state(session, "published", "g", feed="subgroups")
        beta = in_state(session, "published", "h", district="beta")
        live = live_deliveries(session, "roster")
    assert {district: d.delivery_id for district, d in live.items()} == {
        "alpha": accepted.delivery_id,
        "beta": beta.delivery_id,
    }


def test_deliveries_are_judged_rosters_first_and_then_as_received(registry: Registry) -> None:
    with registry.begin() as session:
        register(session, "s", feed="subgroups")
        for content in ("a", "b"):
            register(session, content)
        register(session, "c", district="beta")
        assert [d.content_sha256 for d in deliveries_in(session, ["received"])] == ["a", "b", "c", "s"]
        assert [d.content_sha256 for d in deliveries_in(session, ["received"], ["beta"])] == ["c"]


def test_an_accepted_delivery_closes_the_older_held_ones_of_its_feed(registry: Registry) -> None:
    with registry.begin() as session:
        older = in_state(session, "held", "a")
        other_feed = in_state(session, "held", "s", feed="subgroups")
        accepted = in_state(session, "accepted", "b")
        newer = in_state(session, "held", "c")
        supersede_held(session, [accepted])
        assert (older.state, other_feed.state, newer.state) == ("superseded", "held", "held")


def test_whether_a_feed_was_ever_accepted_does_not_count_the_delivery_itself(registry: Registry) -> None:
    with registry.begin() as session:
        first = in_state(session, "accepted", "a")
        first.verdict = "accepted"
        session.flush()
        assert not was_accepted_before(session, first)
        second = in_state(session, "landed", "b")
        assert was_accepted_before(session, second)
        assert not was_accepted_before(session, in_state(session, "landed", "s", feed="subgroups"))


def test_ids_sort_by_time_and_do_not_collide() -> None:
    start = datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    ids = [new_delivery_id(start + timedelta(microseconds=n)) for n in range(50)]
    assert ids == sorted(ids)
    assert len({new_delivery_id(start) for _ in range(500)}) == 500


def test_a_delivery_is_found_by_the_beginning_of_its_id(registry: Registry) -> None:
    with registry.begin() as session:
        one, two = (register(session, content)[0] for content in ("a", "b"))
        assert find_by_beginning(session, one.delivery_id[:-2]).delivery_id == one.delivery_id
        with pytest.raises(LedgerError, match="more than one delivery begins"):
            find_by_beginning(session, "2")
        for nothing in ("x", "%", "_", two.delivery_id + "0"):
            with pytest.raises(LedgerError, match=r"no delivery begins.*delivery list"):
                find_by_beginning(session, nothing)


def test_an_id_is_looked_up_whole(registry: Registry) -> None:
    with registry.begin() as session:
        one, two = (register(session, content)[0].delivery_id for content in ("a", "b"))
        assert [found.delivery_id for found in get_deliveries(session, [two, one])] == [two, one]
        with pytest.raises(LedgerError, match=r"no delivery has the id.*delivery list"):
            get_delivery(session, one[:-1])
        with pytest.raises(LedgerError, match="no delivery has the id"):
            get_deliveries(session, [one, "x"])


def test_a_time_is_printed_in_utc_with_microseconds() -> None:
    assert iso_time(datetime(2026, 10, 1, 3, tzinfo=UTC)) == "2026-10-01T03:00:00.000000Z"
    assert iso_time(None) is None


def test_a_stage_that_speaks_again_replaces_what_it_said(registry: Registry) -> None:
    with registry.begin() as session:
        delivery, _ = register(session, "a", findings=[Finding("PKG002")])
        store_findings(session, "landing", "alpha", delivery.delivery_id, [Finding("ROW001"), Finding("EOF001")])
        store_findings(session, "landing", "alpha", delivery.delivery_id, [Finding("ROW002", lines=(7, 9))])
    found = read_anew(registry, delivery.delivery_id).findings
    assert [(f.stage, f.code, f.line, f.lines) for f in found] == [
        ("intake", "PKG002", None, []),
        ("landing", "ROW002", 7, [7, 9]),
    ]


def test_findings_of_a_district_are_replaced_apart_from_those_of_its_deliveries(registry: Registry) -> None:
    with registry.begin() as session:
        delivery, _ = register(session, "a", findings=[Finding("PKG002")])
        for district in ("alpha", "beta"):
            store_findings(session, "intake", district, None, [Finding("NET001")])
        store_findings(session, "intake", "alpha", None, [])
        assert [(f.district_id, f.code) for f in district_findings(session)] == [("beta", "NET001")]
        session.refresh(delivery)
        assert [f.code for f in delivery.findings] == ["PKG002"]


def test_at_most_five_lines_are_kept(registry: Registry) -> None:
    with registry.begin() as session:
        delivery, _ = register(session, "a", findings=[Finding("ROW002", lines=tuple(range(2, 20)))])
        session.refresh(delivery)
        assert delivery.findings[0].lines == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("state", ["held", "rejected"])
def test_a_delivery_that_is_not_let_through_is_judged_again_by_other_rules(registry: Registry, state: str) -> None:
    with registry.begin() as session:
        delivery = in_state(session, state)
        delivery.settings_version, delivery.rules_version = 3, "old"
        assert judge_changed_again(session, {"alpha": 3}, lambda: "old") == 0
        assert judge_changed_again(session, {"alpha": 3}, lambda: "new") == 1
        assert delivery.state == "screened"
