"""The audit log is a chain: what is changed, removed or slipped in is found, whoever appends at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from subgroup_pipeline.registry.audit_chain import ChainProof, prove_chain
from subgroup_pipeline.registry.database import Registry, record_event
from subgroup_pipeline.registry.schema import AuditEvent


def _append(registry: Registry, count: int, actor: str = "me") -> None:
    for number in range(count):
        with registry.begin() as session:
            record_event(session, "test.done", actor=actor, detail={"number": number, "of": ["ä", None, 1.5]})
            record_event(session, "test.done_too", actor=actor, district_id="pine", delivery_id="d")


def _prove(registry: Registry) -> ChainProof:
    with registry.begin() as session:
        return prove_chain(session)


def test_events_follow_each_other_whoever_appends(registry: Registry) -> None:
    begun = _prove(registry).events
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda name: _append(registry, 10, str(name)), range(8)))
    proof = _prove(registry)
    assert (proof.events, proof.unchained, proof.last_event_id, list(proof.faults)) == (begun + 160, 0, begun + 160, [])
    assert proof.last_sha256


def test_what_is_taken_back_leaves_no_event(registry: Registry) -> None:
    begun = _prove(registry).events

    def broken_off() -> None:
        with registry.begin() as session:
            record_event(session, "test.done", actor="me")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    _append(registry, 1)
    proof = _prove(registry)
    assert (proof.events, list(proof.faults)) == (begun + 2, [])


@pytest.mark.parametrize(
    ("statement", "at", "said"),
    [
        ("update audit_event set actor = 'somebody' where event_id = 4", 4, "changed"),
        ("update audit_event set detail = '{}' where event_id = 3", 3, "changed"),
        ("update audit_event set at = '2026-01-01 00:00:00.000000' where event_id = 5", 5, "changed"),
        ("delete from audit_event where event_id in (3, 4)", 5, "2 events before it are missing"),
        ("update audit_event set chain_sha256 = null where event_id = 4", 4, "not written by us"),
    ],
)
def test_a_change_behind_our_back_is_found(registry: Registry, statement: str, at: int, said: str) -> None:
    _append(registry, 4)
    with registry.begin() as session:
        session.execute(sa.text(statement))
        faults = prove_chain(session).faults
    assert faults[0].event_id == at
    assert said in faults[0].what


def test_what_was_removed_by_its_age_is_no_fault(registry: Registry) -> None:
    _append(registry, 4)
    events = _prove(registry).events
    with registry.begin() as session:
        session.execute(sa.delete(AuditEvent).where(AuditEvent.event_id <= 3))
    proof = _prove(registry)
    assert (proof.events, list(proof.faults)) == (events - 3, [])


def test_events_of_earlier_releases_stand_before_the_chain(registry: Registry) -> None:
    _append(registry, 2)
    old = _prove(registry).events
    with registry.begin() as session:
        session.execute(sa.update(AuditEvent).values(chain_sha256=None))
    _append(registry, 2)
    proof = _prove(registry)
    assert (proof.events, proof.unchained, list(proof.faults)) == (old + 4, old, [])
