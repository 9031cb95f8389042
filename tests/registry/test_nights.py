"""What is said of the last night: also when it published nothing because its deliveries were refused."""

from __future__ import annotations

import sqlalchemy as sa

from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.ledger import State, advance
from subgroup_pipeline.registry.nights import ENDED, changed_since, last_night, note_failed, standing
from subgroup_pipeline.registry.receiving import register_delivery, set_waiting
from subgroup_pipeline.registry.schema import AuditEvent, Delivery


def _deliver(registry: Registry, sha256: str, *states: State) -> None:
    with registry.begin() as session:
        delivery, _ = register_delivery(session, "alpha", "roster", sha256=sha256, content_sha256=sha256, proof=None, files=[])
        for state in states:
            advance(session, delivery, state)


def _end(registry: Registry, outcome: str) -> str:
    registry.audit(ENDED, actor="pipeline", detail={"outcome": outcome})
    with registry.begin() as session:
        night = last_night(session)
        assert night
        return night.in_words


def test_a_night_tells_what_it_judged_and_no_more(registry: Registry) -> None:
    with registry.begin() as session:
        assert last_night(session) is None
    assert _end(registry, "nothing new") == "nothing new"
    for number in range(3):
        _deliver(registry, f"r{number}", "rejected")
    _deliver(registry, "h", "screened", "held")
    assert _end(registry, "nothing new") == "nothing new is published; deliveries: 1 held, 3 rejected"
    with registry.begin() as session:
        held = session.scalars(sa.select(Delivery).filter_by(state="held")).one()
        advance(session, held, "accepted", actor="Ana Ruiz")
    assert _end(registry, "nothing new") == "nothing new"
    _deliver(registry, "p", "screened", "landed", "accepted")
    assert _end(registry, "failed: the disk is full") == "failed: the disk is full; deliveries: 1 accepted"


def test_a_run_changed_what_stands_elsewhere_than_before(registry: Registry) -> None:
    """What is new, what moved, whose verdict alone changed; not what is refused again or stood still."""
    states: tuple[State, ...] = ("rejected", "rejected", "superseded")
    for number, state in enumerate(states):
        _deliver(registry, f"old{number}", state)
    _deliver(registry, "still", "screened", "held")
    _deliver(registry, "live", "screened", "landed", "accepted")
    with registry.begin() as session:
        before = standing(session)
    _deliver(registry, "new", "screened", "landed")
    _deliver(registry, "bad", "rejected")
    with registry.begin() as session:
        set_waiting(session, "beta", "roster", ["a.csv"])
        deliveries = {delivery.sha256: delivery for delivery in session.scalars(sa.select(Delivery))}
        advance(session, deliveries["old0"], "screened")
        advance(session, deliveries["old0"], "rejected")
        advance(session, deliveries["old1"], "screened")
        advance(session, deliveries["old2"], "accepted")
        advance(session, deliveries["live"], "accepted", verdict="accepted_with_rows_set_aside")
    with registry.begin() as session:
        changed = [delivery.sha256 for delivery in changed_since(session, before)]
    assert changed == ["old1", "old2", "live", "new", "bad", None]


def test_a_failed_night_is_noted_once_whoever_sees_it_first(registry: Registry) -> None:
    for _ in range(2):
        note_failed(registry, "run-1", "the disk is full\nReaders keep what was published before.")
    with registry.begin() as session:
        events = session.scalars(sa.select(AuditEvent).filter_by(kind=ENDED)).all()
        assert [event.detail for event in events] == [{"run_id": "run-1", "outcome": "failed: the disk is full"}]
