"""`/healthz`: whether the parts that run here answer. For this machine only: a proxy passes the public name as host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subgroup_pipeline.portal.shield import require_local

UP = "up"
UP_BUT = "up, but "
"""How the words about a part begin that works and of which a person should know something."""
Parts = Callable[[], Awaitable[dict[str, str]]]
"""The parts that run and whether each is `UP`, or `UP_BUT` with more, or else why not; tried when asked."""


def is_up(words: str) -> bool:
    """Whether these words are about a part that works."""
    return words == UP or words.startswith(UP_BUT)


def health_route(parts: Parts) -> Route:
    """The route that a load balancer or a watchdog asks."""

    async def health(request: Request) -> Response:
        require_local(request)
        found = await parts()
        why = {name: words for name, words in found.items() if words != UP}
        states = {name: "up" if is_up(words) else "down" for name, words in found.items()}
        ok = "down" not in states.values()
        return JSONResponse({"ok": ok, "parts": states, "why": why}, status_code=200 if ok else 503)

    return Route("/healthz", health)
