"""The web port while it is open: the portal under uvicorn, in the event loop of `subgroups up`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from subgroup_pipeline.portal.app import portal_app
from subgroup_pipeline.settings import LOOPBACK

if TYPE_CHECKING:
    from subgroup_pipeline.portal.health import Parts
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


class PortalServer:
    """The web port. `port` is the one that was bound: port 0 takes any that is free."""

    def __init__(self, settings: Settings, registry: Registry, parts: Parts, *, port: int | None = None) -> None:
        self._app = portal_app(settings, registry, parts)
        self._wanted = settings.web_port if port is None else port
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self.port = 0

    async def start(self) -> None:
        """Open the port. Raises OSError when it is taken."""
        listening = socket.create_server((LOOPBACK, self._wanted))
        # Connections inherit it. asyncio sets it itself only where a socket names its protocol, which this one does not; without
        # it the body of an answer waits 40 ms for the browser to confirm the headers.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,  # addresses hold one-time links
            server_header=False,
            lifespan="off",
            ws="none",
            limit_concurrency=200,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=1,
            proxy_headers=True,
            forwarded_allow_ips=LOOPBACK,
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))

    async def stop(self) -> None:
        """Close the port; requests that are under way have a second."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `subgroups up`, which stops its parts in order."""
        yield
