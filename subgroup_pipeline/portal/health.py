"""`/healthz`: whether the parts that run here answer. For this machine only: a proxy passes the public name as host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subgroup_pipeline.portal.shield import require_local

Parts = Callable[[], Awaitable[dict[str, str]]]
"""The parts that run and whether each is `up`, or else why not; tried when asked."""


def health_route(parts: Parts) -> Route:
    """The route that a load balancer or a watchdog asks."""

    async def health(request: Request) -> Response:
        require_local(request)
        found = await parts()
        why = {name: words for name, words in found.items() if words != "up"}
        states = {name: "down" if name in why else "up" for name in found}
        return JSONResponse({"ok": not why, "parts": states, "why": why}, status_code=503 if why else 200)

    return Route("/healthz", health)
