"""`/healthz` of what `subgroups up` runs: 200 while every part is up, 503 naming the one that is not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

Parts = Callable[[], dict[str, bool]]


async def serve_health(host: str, port: int, parts: Parts) -> asyncio.Server:
    """Answer GET /healthz with the parts and whether they are up. Raises OSError when the port is taken."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await asyncio.wait_for(reader.readline(), 5)).decode("latin-1").split()
            found = parts()
            status, body = _reply(request, found)
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


def _reply(request: list[str], parts: dict[str, bool]) -> tuple[str, bytes]:
    if len(request) < 2 or request[0] != "GET" or request[1] != "/healthz":
        return "404 Not Found", b'{"error": "only GET /healthz"}'
    is_well = all(parts.values())
    body = json.dumps({"ok": is_well, "parts": {name: "up" if up else "down" for name, up in parts.items()}}).encode()
    return ("200 OK" if is_well else "503 Service Unavailable"), body
