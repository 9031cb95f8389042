"""Carries what happened on the server to the audit log, in order, without the event loop waiting for it.

Which events there are: `sftp.login`, `sftp.login_refused`, `sftp.upload`, `sftp.remove`, `sftp.rename`, `sftp.refused`,
`sftp.closed`. Details are short texts: names, counts, addresses, fingerprints; never what is in a file, never a secret. While
the audit log cannot be written (a full disk), events wait here; `happened_at` then says when they happened.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.exc import OperationalError

from subgroup_pipeline.errors import SubgroupsError

Audit = Callable[[str, str, dict[str, str]], None]

_log = logging.getLogger(__name__)
_LONGEST = 300
_MOST_WAITING = 100_000
"""Events that wait at most (some 50 MB); later ones are counted and dropped, so that sign-ins cannot fill the memory."""
_PAUSE = 5.0
"""Seconds between two tries to write."""


class AuditTrail:
    """A queue and one thread: events are written one after another, in the order in which they happened."""

    def __init__(self, audit: Audit, *, pause: float = _PAUSE, most_waiting: int = _MOST_WAITING) -> None:
        self._audit = audit
        self._pause, self._most_waiting = pause, most_waiting
        self._waiting: deque[tuple[str, str, dict[str, str], datetime]] = deque()
        self._changed = threading.Condition()
        self._is_closing = self._is_failing = False
        self._dropped = 0
        # A daemon: an audit log that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="dropserver-audit", daemon=True)
        self._thread.start()

    def record(self, kind: str, account: str, **details: str) -> None:
        """Take note; returns at once."""
        event = (kind, account, {key: printable(value) for key, value in details.items()}, datetime.now(UTC))
        with self._changed:
            if len(self._waiting) >= self._most_waiting:
                self._dropped += 1
                return
            self._waiting.append(event)
            if not self._is_failing:
                self._changed.notify()

    def close(self, timeout: float) -> None:
        """Write what is left, for at most so many seconds."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(timeout)
        if lost := len(self._waiting) + self._dropped:
            _log.error("the audit log did not take the last %s events of the SFTP server within %s s", lost, timeout)

    def _work(self) -> None:
        while True:
            with self._changed:
                if self._is_failing and not self._is_closing:
                    self._changed.wait(self._pause)
                while not self._waiting and not self._is_closing:
                    self._changed.wait()
                if not self._waiting:
                    return
                event, is_last_try = self._waiting[0], self._is_closing
            is_written = self._write(*event)
            if is_written:
                self._waiting.popleft()
            elif is_last_try:
                return
            self._is_failing = not is_written

    def _write(self, kind: str, account: str, details: dict[str, str], at: datetime) -> bool:
        """Write one event; gives whether it is done with. Nothing here ends the trail, nor a district's upload."""
        late = {"happened_at": at.isoformat()} if self._is_failing else {}
        try:
            self._audit(kind, account, details | late)
        except (SubgroupsError, OSError, OperationalError) as error:
            if not self._is_failing:
                said = str(error).partition("\n")[0]
                _log.error("the audit log cannot be written; events of the SFTP server wait until it can: %s", said)
            return False
        except Exception as error:  # noqa: BLE001 - an event that will never be written must not keep the others waiting
            _log.error("an event of the SFTP server was refused by the audit log: %s: %s", kind, type(error).__name__)
        return True


def printable(text: str) -> str:
    """A client's text made safe to store and show: no control characters, no endless length."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:_LONGEST])
