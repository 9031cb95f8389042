"""The rounds of mail while `subgroups up` runs: queue what is new, then send what is due; a fault of one round ends with it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from subgroup_pipeline.notify.changes import queue_changes
from subgroup_pipeline.notify.digest import queue_digests
from subgroup_pipeline.notify.late_feeds import queue_late_feeds
from subgroup_pipeline.notify.sender import Sender, now_utc

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

EVERY_SECONDS = 5.0
LATE_EVERY = timedelta(minutes=10)
"""How often late feeds are looked for: that reads the settings of every district."""
LOOKED_BACK = timedelta(days=7)
"""What the first round looks for: so long `subgroups up` may stand still before a change is never told."""
LOOKED_AT_AGAIN = timedelta(minutes=10)
"""What every other round looks for: an event is seen when its transaction ends, which may be after newer ones."""
_STOP_SECONDS = 5.0
_log = logging.getLogger(__name__)


class MailRounds:
    """One installation's rounds. `start` and `stop` are called in an event loop."""

    def __init__(self, settings: Settings, registry: Registry, *, clock: Callable[[], datetime] = now_utc) -> None:
        self._settings = settings
        self._registry = registry
        self._clock = clock
        self._sender = Sender(settings, registry, clock=clock)
        self._stopping = asyncio.Event()
        self._going: asyncio.Task[None] | None = None
        self._is_first = True
        self._looked_for_late: datetime | None = None

    def start(self) -> None:
        """Begin the rounds."""
        self._going = asyncio.create_task(self._go())

    @property
    def is_going(self) -> bool:
        """Whether rounds are made."""
        return self._going is not None and not self._going.done()

    async def stop(self) -> None:
        """End them. A mail that is on its way has some seconds to arrive, so that it does not go again."""
        self._stopping.set()
        if self._going is not None:
            done, _ = await asyncio.wait([self._going], timeout=_STOP_SECONDS)
            if not done:
                self._going.cancel()
                with suppress(asyncio.CancelledError):
                    await self._going

    async def make_round(self) -> int:
        """One round; gives how many mails went out."""
        await asyncio.to_thread(self._queue)
        return await self._sender.send_due(self._stopping)

    def _queue(self) -> None:
        now = self._clock()
        queue_changes(self._registry, self._settings, now - (LOOKED_BACK if self._is_first else LOOKED_AT_AGAIN))
        self._is_first = False
        if self._looked_for_late is None or now - self._looked_for_late >= LATE_EVERY:
            queue_late_feeds(self._registry, self._settings, now)
            self._looked_for_late = now
        queue_digests(self._registry, self._settings, now)

    async def _go(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.make_round()
            except Exception as error:  # noqa: BLE001 - the registry may be away for a while, and districts go on uploading
                self._is_first = True
                _log.warning("a round of mail ended early: %s", type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), EVERY_SECONDS)
