"""A way to a server that cuts every connection after so many bytes, in the direction that is asked for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal


@dataclass
class Cut:
    """After how many bytes of a connection it is cut (None: never), counted towards the server or from it; and how."""

    after: int | None
    direction: Literal["up", "down"] = "down"
    is_reset: bool = False


@contextmanager
def proxy_to(port: int, cut: Cut) -> Iterator[int]:
    """Run the proxy on a thread of its own; gives its port. `cut` may be changed while it runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxy", daemon=True)
    thread.start()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
            both = (writer, up_writer)
            ways = ((reader, up_writer, "up"), (up_reader, writer, "down"))
            await asyncio.gather(*(_pump(source, sink, cut, way, both) for source, sink, way in ways))

    async def start() -> asyncio.Server:
        return await asyncio.start_server(serve, "127.0.0.1", 0)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _pump(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    cut: Cut,
    way: str,
    both: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
) -> None:
    passed = 0
    with suppress(OSError):
        while data := await source.read(65536):
            left = cut.after - passed if cut.after is not None and cut.direction == way else None
            sink.write(data if left is None else data[:left])
            await sink.drain()
            passed += len(data)
            if left is not None and left <= len(data):
                break
    for writer in both:
        if cut.is_reset and writer.transport is not None:
            writer.transport.abort()
        else:
            writer.close()
