"""The pages on the web port: `/healthz`, Data Docs and the reports of deliveries, for whoever works on this machine.

Bound to the loopback address, like Dagster. Only pages of two fixed folders are served, by their whole names: nothing is
listed, nothing is written, and no page may load anything.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from subgroup_pipeline.orchestration.links import DATA_DOCS, HOST, REPORTS
from subgroup_pipeline.settings import Home, Settings

Parts = Callable[[], Awaitable[dict[str, str]]]
"""The parts that run and whether each is `up`, or else why not; tried when asked."""

_PAGE = re.compile(r"\w[\w.-]*\.html", re.ASCII)
_FOLDER = re.compile(r"\w+", re.ASCII)
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class PageServer:
    """The web port while it is open. `port` is the one that was bound: port 0 takes any that is free."""

    def __init__(self, settings: Settings, parts: Parts, *, port: int | None = None) -> None:
        self._app = pages_app(settings.paths, parts)
        self._wanted = settings.web_port if port is None else port
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self.port = 0

    async def start(self) -> None:
        """Open the port. Raises OSError when it is taken."""
        listening = socket.create_server((HOST, self._wanted))
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            limit_concurrency=50,
            timeout_keep_alive=2,
            timeout_graceful_shutdown=1,
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


def pages_app(home: Home, parts: Parts) -> Starlette:
    """Build the application; the pages of a portal join it."""

    async def health(_request: Request) -> Response:
        found = await parts()
        why = {name: words for name, words in found.items() if words != "up"}
        states = {name: "down" if name in why else "up" for name in found}
        return JSONResponse({"ok": not why, "parts": states, "why": why}, status_code=503 if why else 200)

    async def data_docs(request: Request) -> Response:
        return _page(home.gx / "data_docs", request.path_params["page"])

    async def report(request: Request) -> Response:
        return _page(home.reports, request.path_params["district"], request.path_params["page"])

    return Starlette(
        routes=[
            Route("/healthz", health),
            Route(DATA_DOCS + "/{page}", data_docs),
            Route(REPORTS + "/{district}/{page}", report),
        ],
        # The names: a page of another site whose name was made to point here must not read these.
        middleware=[Middleware(_SafeHeaders), Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])],
    )


def _page(root: Path, *names: str) -> Response:
    """A page by the names of its folders and its own. Raises HTTPException for any other file, and for one behind a link."""
    path = root.joinpath(*names)
    is_named = _PAGE.fullmatch(names[-1]) and all(map(_FOLDER.fullmatch, names[:-1]))
    if not is_named or not path.is_file() or path.resolve() != root.resolve().joinpath(*names):
        raise HTTPException(404)
    return FileResponse(path, media_type="text/html")


class _SafeHeaders:
    """Puts the headers on every answer, errors among them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *((n.encode(), value.encode()) for n, value in _HEADERS.items())]
            await send(message)

        await self._app(scope, receive, send_with_headers)
