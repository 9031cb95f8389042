"""Connections that do not sign in: there are only so many, and they keep nobody out."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from subgroup_pipeline.dropserver.newcomers import MOST, MOST_OF_ONE_ADDRESS
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
    with _silent(world, "127.0.0.2", 1) as others, _silent(world, "127.0.0.1", MOST_OF_ONE_ADDRESS + 5) as crowd:
        waited(lambda: [_is_over(one) for one in crowd[:5]] == [True] * 5)
        with world.sftp("alpha") as sftp:
            assert sftp.listdir(".")
        assert [_is_over(one) for one in crowd[5:8]] == [True, False, False]
        assert not _is_over(others[0])


def test_a_full_house_makes_room_where_most_come_from(world: World) -> None:
    with ExitStack() as stack:
        quiet = stack.enter_context(_silent(world, "127.0.1.1", 1))
        crowds = [
            stack.enter_context(_silent(world, f"127.0.2.{n}", MOST_OF_ONE_ADDRESS)) for n in range(MOST // MOST_OF_ONE_ADDRESS)
        ]
        with world.sftp("alpha") as sftp:
            assert sftp.listdir(".")
        waited(lambda: sum(_is_over(one) for crowd in crowds for one in crowd) >= 1)
        assert not _is_over(quiet[0])
