"""A way to a port of this machine on which everything takes some time in each direction, however much it is.

Run: python -m benchmarks.delayed_way PORT SECONDS (prints the port to use instead, and forwards until it is ended)
"""

from __future__ import annotations

import asyncio
import sys

_BLOCK = 1024 * 1024


async def forward(target: int, delay: float) -> None:
    """Forward connections for ever."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target, limit=4 * _BLOCK)
        await asyncio.gather(pass_on(reader, far_writer, delay), pass_on(far_reader, writer, delay))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=4 * _BLOCK)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter, delay: float) -> None:
    """Pass bytes on, each so many seconds after it came, until its side ends."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def arrive() -> None:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not data:
                sink.close()
                return
            sink.write(data)

    async with asyncio.TaskGroup() as both:
        both.create_task(arrive())
        data = b"-"
        while data:
            try:
                data = await source.read(_BLOCK)
            except ConnectionError:
                data = b""
            under_way.put_nowait((loop.time() + delay, data))


if __name__ == "__main__":
    asyncio.run(forward(int(sys.argv[1]), float(sys.argv[2])))
