"""Carries what happened on the server to the audit log, in order, without the event loop waiting for it.

Which events there are: `sftp.login`, `sftp.login_refused`, `sftp.upload`, `sftp.remove`, `sftp.rename`, `sftp.refused`,
`sftp.closed`. Details are short texts: names, counts, addresses, fingerprints; never what is in a file, never a secret.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

Audit = Callable[[str, str, dict[str, str]], None]

_log = logging.getLogger(__name__)
_LONGEST = 300


class AuditTrail:
    """A queue and one thread: events are written one after another, in the order in which they happened."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._queue: SimpleQueue[tuple[str, str, dict[str, str]] | None] = SimpleQueue()
        # A daemon: an audit log that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._write, name="dropserver-audit", daemon=True)
        self._thread.start()

    def record(self, kind: str, account: str, **details: str) -> None:
        """Take note; returns at once."""
        self._queue.put((kind, account, {key: printable(value) for key, value in details.items()}))

    def close(self, timeout: float) -> None:
        """Write what is left, for at most so many seconds."""
        self._queue.put(None)
        self._thread.join(timeout)
        if self._thread.is_alive():
            _log.error("the audit log did not take the last events of the SFTP server within %s s", timeout)

    def _write(self) -> None:
        while (event := self._queue.get()) is not None:
            try:
                self._audit(*event)
            except Exception:  # noqa: BLE001 - whatever the caller's function raises
                # One event that cannot be written must not end the trail, nor a district's upload.
                _log.exception("an event of the SFTP server could not be written to the audit log: %s", event[0])


def printable(text: str) -> str:
    """A client's text made safe to store and show: no control characters, no endless length."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:_LONGEST])
