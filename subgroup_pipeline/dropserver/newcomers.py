"""Connections that have not signed in yet, of which there are only so many, however many somebody opens.

The oldest one makes room for the newest: who signs in is done within a second, and who holds a connection open for nothing
keeps nobody out. Beyond the limit of one address only connections of that address have to go.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncssh

MOST_OF_ONE_ADDRESS = 64
"""As many districts behind one address may sign in within the same second; the work for so many is a second."""
MANY = 64
"""Newcomers beyond which addresses with more than a fair share make room, so that the others do not wait for them."""
FAIR_SHARE = 8
MOST = 512
"""Newcomers of all addresses; a thousand districts that come within a few seconds are fewer."""


class Newcomers:
    """Connections by address, each in the order in which they came."""

    def __init__(self) -> None:
        self._by_address: dict[str, OrderedDict[asyncssh.SSHServerConnection, None]] = {}
        self._count = 0

    def arrived(self, connection: asyncssh.SSHServerConnection, address: str) -> None:
        """Take note of a connection, and end the oldest one where there are too many now."""
        of_address = self._by_address.setdefault(address, OrderedDict())
        of_address[connection] = None
        self._count += 1
        if len(of_address) > MOST_OF_ONE_ADDRESS:
            self._end_oldest(address)
        elif self._count > MANY:
            most_crowded = max(self._by_address, key=lambda one: len(self._by_address[one]))
            if len(self._by_address[most_crowded]) > FAIR_SHARE or self._count > MOST:
                self._end_oldest(most_crowded)

    def left(self, connection: asyncssh.SSHServerConnection, address: str) -> None:
        """Forget a connection that signed in or is gone."""
        of_address = self._by_address.get(address, OrderedDict())
        if connection in of_address:
            del of_address[connection]
            self._count -= 1
            if not of_address:
                del self._by_address[address]

    def _end_oldest(self, address: str) -> None:
        oldest = next(iter(self._by_address[address]))
        self.left(oldest, address)
        oldest.abort()
