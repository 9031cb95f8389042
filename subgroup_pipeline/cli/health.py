"""`/healthz` of what `subgroups up` runs: 200 while every part is up, 503 naming the one that is not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

Parts = Callable[[], Awaitable[dict[str, str]]]


async def serve_health(host: str, port: int, parts: Parts) -> asyncio.Server:
    """Answer GET /healthz with the parts and whether they are up, tried when asked. Raises OSError when the port is taken."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await asyncio.wait_for(reader.readline(), 5)).decode("latin-1").split()
            status, body = await _reply(request, parts)
            head = (
                f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()
        except (TimeoutError, ConnectionError):
            pass  # the client went away; there is nobody to tell
        finally:
            writer.close()

    return await asyncio.start_server(answer, host, port)


async def _reply(request: list[str], parts: Parts) -> tuple[str, bytes]:
    if len(request) < 2 or request[0] != "GET" or request[1] != "/healthz":
        return "404 Not Found", b'{"error": "only GET /healthz"}'
    found = await parts()
    why = {name: words for name, words in found.items() if words != "up"}
    states = {name: "down" if name in why else "up" for name in found}
    body = json.dumps({"ok": not why, "parts": states, "why": why}).encode()
    return ("503 Service Unavailable" if why else "200 OK"), body
