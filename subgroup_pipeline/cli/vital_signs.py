"""What `/healthz` vouches for, tried each time it is asked: a banner from our host key, the registry, Dagster's heartbeat."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from subgroup_pipeline.cli.children import DAEMON, WEBSERVER

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from dagster import DagsterInstance

    from subgroup_pipeline.cli.children import Children
    from subgroup_pipeline.dropserver.server import DropServer
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

SECONDS = 5.0
"""Within which every part answers or is down; a load balancer asks again after ten."""


class VitalSigns:
    """The parts that one `subgroups up` runs, and how each is tried."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings = settings
        self._registry = registry
        self.server: DropServer | None = None
        self.dagster: Children | None = None
        self.instance: DagsterInstance | None = None

    async def parts(self) -> dict[str, str]:
        """Each part with `up`, or with what is wrong; all are tried at once."""
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
        _, writer = await asyncio.open_connection("127.0.0.1", self._settings.dagster_port)
        writer.close()
        return "up"

    async def _try_daemon(self, *, is_running: bool) -> str:
        from subgroup_pipeline.orchestration.instance import silent_daemons

        if not is_running or self.instance is None:
            return "ended"
        silent = await asyncio.to_thread(silent_daemons, self.instance)
        return f"no heartbeat of {', '.join(silent)}" if silent else "up"


async def _within(attempt: Awaitable[str]) -> str:
    try:
        return await asyncio.wait_for(attempt, SECONDS)
    except TimeoutError:
        return f"no answer within {SECONDS:.0f} s"
    except Exception as error:  # noqa: BLE001 - whatever a part raises, it is down, and the page says so
        return f"down ({type(error).__name__})"
