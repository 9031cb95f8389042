"""The audit trail: events that cannot be written wait, in order, and one that never can be does not keep the others."""

from __future__ import annotations

import threading

from subgroup_pipeline.dropserver.audit_trail import AuditTrail
from subgroup_pipeline.errors import DiskFullError


class _Log:
    """An audit log on a disk that is full, until it has room."""

    def __init__(self) -> None:
        self.has_room = False
        self.was_refused = threading.Event()
        self.is_complete = threading.Event()
        self.kept: list[tuple[str, dict[str, str]]] = []

    def write(self, kind: str, account: str, details: dict[str, str]) -> None:
        if kind == "sftp.odd":
            raise ValueError(account)
        if not self.has_room:
            self.was_refused.set()
            raise DiskFullError("full")
        self.kept.append((kind, details))
        if len(self.kept) == 3:
            self.is_complete.set()


def test_events_wait_for_room_and_are_written_in_order() -> None:
    log = _Log()
    trail = AuditTrail(log.write, pause=0.01)
    for number in range(3):
        trail.record("sftp.upload", "alpha", name=f"{number}.csv")
    assert log.was_refused.wait(10)
    assert log.kept == []
    log.has_room = True
    assert log.is_complete.wait(10)
    trail.close(10)
    assert [details["name"] for _, details in log.kept] == ["0.csv", "1.csv", "2.csv"]
    assert "happened_at" in log.kept[0][1], "a late event says when it happened"


def test_closing_tries_once_more_and_does_not_hang() -> None:
    log = _Log()
    trail = AuditTrail(log.write, pause=3600)
    trail.record("sftp.upload", "alpha", name="a.csv")
    assert log.was_refused.wait(10)
    log.has_room = True
    trail.close(10)
    assert [kind for kind, _ in log.kept] == ["sftp.upload"]


def test_an_event_that_is_refused_for_good_is_left_out() -> None:
    log = _Log()
    log.has_room = True
    trail = AuditTrail(log.write)
    for kind in ("sftp.odd", "sftp.login"):
        trail.record(kind, "alpha")
    trail.close(10)
    assert [kind for kind, _ in log.kept] == ["sftp.login"]


def test_so_many_events_wait_and_no_more() -> None:
    log = _Log()
    trail = AuditTrail(log.write, pause=3600, most_waiting=2)
    trail.record("sftp.login", "alpha")
    assert log.was_refused.wait(10)
    for _ in range(5):
        trail.record("sftp.login", "alpha")
    log.has_room = True
    trail.close(10)
    assert len(log.kept) == 2
