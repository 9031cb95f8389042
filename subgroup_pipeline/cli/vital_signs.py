"""What `/healthz` vouches for, tried each time it is asked: a banner from our host key, the registry, Dagster's heartbeat."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from subgroup_pipeline.cli.children import DAEMON, NOTICEBOARD, WEBSERVER
from subgroup_pipeline.portal.health import UP_BUT
from subgroup_pipeline.settings import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from dagster import DagsterInstance

    from subgroup_pipeline.cli.children import Children
    from subgroup_pipeline.dropserver.server import DropServer
    from subgroup_pipeline.notify.rounds import MailRounds
    from subgroup_pipeline.portal.server import PortalServer
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

SECONDS = 5.0
"""Within which every part answers or is down; a load balancer asks again after ten."""
LONGEST_WAIT = timedelta(hours=1)
"""For which mail may be queued before that is said: a server that is away is tried again for more than a day."""


class VitalSigns:
    """The parts that one `subgroups up` runs, and how each is tried."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings = settings
        self._registry = registry
        self.server: DropServer | None = None
        self.dagster: Children | None = None
        self.instance: DagsterInstance | None = None
        self.mail: MailRounds | None = None
        self.portal: PortalServer | None = None
        self.noticeboard: Children | None = None

    async def parts(self) -> dict[str, str]:
        """Each part with `up`, with what to know about it, or with what is wrong; all are tried at once."""
        tried = {"registry": self._try_registry()} | self._tries()
        found = await asyncio.gather(*(_within(attempt) for attempt in tried.values()))
        return dict(zip(tried, found, strict=True))

    def _tries(self) -> dict[str, Awaitable[str]]:
        tries: dict[str, Awaitable[str]] = {}
        if self.server is not None:
            tries["sftp"] = self._try_sftp(self.server)
        if self.dagster is not None:
            running = self.dagster.running()
            tries[WEBSERVER] = self._try_webserver(is_running=running[WEBSERVER])
            tries[DAEMON] = self._try_daemon(is_running=running[DAEMON])
        if self.portal is not None:
            tries["portal"] = _answers(self.portal.port)
        if self.noticeboard is not None:
            tries[NOTICEBOARD] = self._try_noticeboard(is_running=self.noticeboard.running()[NOTICEBOARD])
        if self.mail is not None:
            tries["mail"] = self._try_mail(is_going=self.mail.is_going)
        return tries

    async def _try_sftp(self, server: DropServer) -> str:
        from subgroup_pipeline.dropserver.probe import who_answers

        keys = server.keyring.host_public_keys if server.keyring else ()
        answer = await who_answers(server.host, server.port, keys)
        return "up" if answer == "we" else f"{answer} answers on port {server.port}"

    async def _try_registry(self) -> str:
        await asyncio.to_thread(self._registry.ping)
        return "up"

    async def _try_webserver(self, *, is_running: bool) -> str:
        if not is_running:
            return "ended"
        return await _answers(self._settings.dagster_port)

    async def _try_noticeboard(self, *, is_running: bool) -> str:
        from subgroup_pipeline.portal.released import open_door

        if not is_running:
            return "ended"
        (await asyncio.to_thread(open_door, self._settings.noticeboard_folder)).close()
        return "up"

    async def _try_mail(self, *, is_going: bool) -> str:
        from subgroup_pipeline.desk.figures import oldest_queued_mail

        if not is_going:
            return "ended"
        since = await asyncio.to_thread(oldest_queued_mail, self._registry)
        if self._settings.smtp_server is None or since is None or datetime.now(UTC) - since < LONGEST_WAIT:
            return "up"
        return f"{UP_BUT}mail waits since {since:%Y-%m-%d %H:%M} UTC; `subgroups doctor` tries the mail server"

    async def _try_daemon(self, *, is_running: bool) -> str:
        from subgroup_pipeline.orchestration.instance import silent_daemons

        if not is_running or self.instance is None:
            return "ended"
        silent = await asyncio.to_thread(silent_daemons, self.instance)
        return f"no heartbeat of {', '.join(silent)}" if silent else "up"


async def _answers(port: int) -> str:
    _, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.close()
    return "up"


async def _within(attempt: Awaitable[str]) -> str:
    try:
        return await asyncio.wait_for(attempt, SECONDS)
    except TimeoutError:
        return f"no answer within {SECONDS:.0f} s"
    except Exception as error:  # noqa: BLE001 - whatever a part raises, it is down, and the page says so
        return f"down ({type(error).__name__})"
