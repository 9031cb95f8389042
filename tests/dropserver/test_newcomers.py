"""Connections that do not sign in: there are only so many, and they keep nobody out."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from subgroup_pipeline.dropserver.newcomers import FAIR_SHARE, MANY
from tests.dropserver.world import World
from tests.support.waiting import waited


@contextmanager
def _silent(world: World, address: str, count: int) -> Iterator[list[socket.socket]]:
    """Connections from an address of loopback that say nothing, each greeted by the server."""
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            one = socket.create_connection(("127.0.0.1", world.server.port), 10, source_address=(address, 0))
            made.append(stack.enter_context(one))
            assert one.recv(4).startswith(b"SSH-")
            one.setblocking(False)
        yield made


def _is_over(connection: socket.socket) -> bool:
    try:
        while connection.recv(4096):
            pass
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
    return True


def test_the_oldest_newcomer_of_an_address_makes_room_and_keys_get_in(world: World) -> None:
    with _silent(world, "127.0.0.2", 1) as others, _silent(world, "127.0.0.1", MANY + 5) as crowd:
        waited(lambda: all(_is_over(one) for one in crowd[:5]))
        with world.sftp("alpha") as sftp:
            assert sftp.listdir(".")
        assert not any(_is_over(one) for one in [*crowd[-FAIR_SHARE:], *others])


def test_where_many_come_from_a_few_addresses_they_make_room_for_the_others(world: World) -> None:
    with ExitStack() as stack:
        quiet = [stack.enter_context(_silent(world, f"127.0.1.{n}", 1))[0] for n in range(1, 40)]
        crowds = [stack.enter_context(_silent(world, f"127.0.2.{n}", 25)) for n in range(1, 4)]
        with world.sftp("alpha") as sftp:
            assert sftp.listdir(".")
        waited(lambda: sum(_is_over(one) for crowd in crowds for one in crowd) >= 75 - (MANY - len(quiet)) - 3 * FAIR_SHARE)
        assert not any(_is_over(one) for one in quiet)
