"""Passwords on the SFTP server: in force at once, out at once, equal to keys, and never for the pipeline's own account."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import asyncssh
import paramiko
import pytest

from subgroup_pipeline.access.password_checker import PasswordChecker
from subgroup_pipeline.access.passwords import good_password, remove_password, set_password
from subgroup_pipeline.dropserver.protocol import MAX_PASSWORD_BYTES
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.settings import load_settings
from tests.dropserver.world import Client, World, open_world
from tests.support.home import apply
from tests.support.waiting import waited

RIGHT = "seven red barns burn"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    opened = open_registry(load_settings(home=tmp_path / "home"))
    for district in ("alpha", "beta"):
        text = f"district: {district}\nname: Made-up {district}\ntimezone: America/Chicago\n"
        apply(opened, text)
    yield opened
    opened.close()


@pytest.fixture
def world(tmp_path: Path, keys_dir: Path, clients: dict[str, Client], registry: Registry) -> Iterator[World]:
    passwords = PasswordChecker(registry)
    with open_world(tmp_path / "home", keys_dir, clients, passwords=passwords) as made:
        yield made
    passwords.close()


def _set(registry: Registry, district: str, text: str) -> None:
    good = good_password(text, district_id=district, district_name=f"Made-up {district}")
    with registry.begin() as session:
        set_password(session, district, good, by="test")


def _signs_in(world: World, account: str, password: str) -> bool:
    transport = world.transport()
    try:
        transport.auth_password(account, password, fallback=False)
        sftp = paramiko.SFTPClient.from_transport(transport)
        assert sftp is not None
        assert sftp.listdir("inbox") == ["roster", "subgroups"]
    except paramiko.AuthenticationException:
        return False
    finally:
        transport.close()
    return True


def test_a_password_opens_its_own_account_beside_the_keys(world: World, registry: Registry) -> None:
    assert not _signs_in(world, "alpha", RIGHT)
    _set(registry, "alpha", RIGHT)
    assert _signs_in(world, "alpha", RIGHT)
    login = world.wait_for("sftp.login", "alpha")
    assert login == {"peer": "127.0.0.1", "way": "password"}
    assert not _signs_in(world, "beta", RIGHT)
    refused = world.wait_for("sftp.login_refused", "beta")
    assert refused == {"peer": "127.0.0.1", "way": "password", "keys": "none offered", "passwords": "1"}
    with world.sftp("alpha") as by_key:
        assert by_key.listdir("inbox") == ["roster", "subgroups"]
    assert world.wait_for("sftp.login", "alpha", way="key")["key"].startswith("SHA256:")
    assert RIGHT not in str(world.events)


def test_every_spelling_of_a_password_is_the_same_on_both_ends(world: World, registry: Registry) -> None:
    _set(registry, "alpha", "e\u0301cole verte du lac nord")
    assert _signs_in(world, "alpha", "\u00e9cole verte du lac nord")
    assert _signs_in(world, "alpha", "e\u0301cole\u00a0verte du lac nord")


def test_who_is_in_with_a_replaced_password_is_put_out(world: World, registry: Registry) -> None:
    _set(registry, "alpha", RIGHT)
    inside, by_key = world.transport(), world.transport()
    try:
        inside.auth_password("alpha", RIGHT)
        by_key.auth_publickey("alpha", world.clients["alpha"].paramiko_key)
        _set(registry, "alpha", "eight grey mills turn")
        waited(lambda: not inside.is_active())
        assert by_key.is_active()
    finally:
        inside.close()
        by_key.close()
    assert world.wait_for("sftp.closed", "alpha")["reason"] == "the password was replaced or removed"
    assert not _signs_in(world, "alpha", RIGHT)
    assert _signs_in(world, "alpha", "eight grey mills turn")
    remove_password(registry, "alpha", actor="test")
    assert not _signs_in(world, "alpha", "eight grey mills turn")


class Guesser(asyncssh.SSHClient):
    """Answers each request for a password with the next of its own, as a person at a prompt does."""

    def __init__(self, guesses: list[str]) -> None:
        self.left = guesses

    def password_auth_requested(self) -> str | None:
        return self.left.pop(0) if self.left else None


async def _guess(world: World, guesses: list[str], address: str = "127.0.0.1", account: str = "alpha") -> None:
    """Sign in from an address of loopback. Raises what asyncssh raises when no guess was right."""
    connection, _ = await asyncssh.create_connection(
        lambda: Guesser(guesses), "127.0.0.1", world.server.port, username=account, client_keys=None, known_hosts=None,
        config=None, agent_path=None, local_addr=(address, 0),
    )  # fmt: skip
    async with connection:
        pass


def test_three_wrong_passwords_end_the_connection(world: World, registry: Registry) -> None:
    """Even when the fourth would have been the right one."""
    _set(registry, "alpha", RIGHT)
    asyncio.run(_guess(world, ["wrong", "still wrong", RIGHT]))
    left = ["wrong", "still wrong", "wrong again", RIGHT]
    with pytest.raises(asyncssh.DisconnectError, match="Too many authentication failures"):
        asyncio.run(_guess(world, left))
    assert left == [RIGHT]
    assert world.wait_for("sftp.login_refused", "alpha")["passwords"] == "3"


def test_tries_without_waiting_for_an_answer_are_counted_all_the_same(world: World, registry: Registry) -> None:
    _set(registry, "alpha", RIGHT)
    transport = world.transport()
    try:
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_password("alpha", "a wrong one", fallback=False)
        for guess in [*(f"guess {number}" for number in range(10)), RIGHT]:
            message = paramiko.Message()
            message.add_byte(bytes([50]))
            for text in ("alpha", "ssh-connection", "password"):
                message.add_string(text)
            message.add_boolean(False)
            message.add_string(guess)
            try:
                cast("Any", transport)._send_message(message)
            except (OSError, EOFError):
                break
        waited(lambda: not transport.is_active())
    finally:
        transport.close()
    assert not [event for event in world.events if event[0] == "sftp.login"]


def test_the_pipelines_own_account_and_strange_names_have_no_password(world: World) -> None:
    transport = world.transport()
    try:
        with pytest.raises(paramiko.BadAuthenticationType) as refused:
            transport.auth_password("_pipeline", RIGHT, fallback=False)
        assert refused.value.allowed_types == ["publickey"]
    finally:
        transport.close()
    for name in ("../etc", "Alpha", "nobody_here"):
        assert not _signs_in(world, name, RIGHT)
    assert world.wait_for("sftp.login_refused", "-", name="../etc")["way"] == "password"


def test_a_password_of_many_kilobytes_is_refused_by_its_length(world: World, registry: Registry) -> None:
    _set(registry, "alpha", RIGHT)
    transport = world.transport()
    try:
        with pytest.raises(paramiko.SSHException):
            transport.auth_password("alpha", "é" * MAX_PASSWORD_BYTES, fallback=False)
        waited(lambda: not transport.is_active())
    finally:
        transport.close()
    assert _signs_in(world, "alpha", RIGHT)


def test_nobody_takes_as_long_as_a_district(world: World, registry: Registry) -> None:
    """Medians of four tries each, fewer than are answered later. Without work for nobody they differ by a factor of five."""
    _set(registry, "alpha", RIGHT)

    def seconds(account: str) -> float:
        transport = world.transport()
        try:
            begun = time.perf_counter()
            with pytest.raises(paramiko.AuthenticationException):
                transport.auth_password(account, "not the right one", fallback=False)
            return time.perf_counter() - begun
        finally:
            transport.close()

    known, unknown, without = [], [], []
    for number in range(4):
        known.append(seconds("alpha"))
        unknown.append(seconds(f"nobody_{number}"))
        without.append(seconds("beta"))
    medians = [statistics.median(times) for times in (known, unknown, without)]
    assert max(medians) < 2.5 * min(medians)


@pytest.mark.needs_sshd
def test_openssh_uploads_with_a_password(world: World, registry: Registry, tmp_path: Path) -> None:
    _set(registry, "alpha", RIGHT)
    answer = tmp_path / "answer"
    answer.write_text(f"#!/bin/sh\necho '{RIGHT}'\n")
    answer.chmod(0o700)
    (tmp_path / "subgroups.csv").write_text("student_id,ell\n1,y\n")
    (tmp_path / "batch").write_text(f"put {tmp_path}/subgroups.csv inbox/subgroups/subgroups.csv\n")
    done = subprocess.run(
        [
            "sftp", "-F", "none", "-P", str(world.server.port), "-o", f"UserKnownHostsFile={world.known_hosts}",
            "-o", "StrictHostKeyChecking=yes", "-o", "PreferredAuthentications=password", "-o", "PubkeyAuthentication=no",
            "-o", "BatchMode=no", "-b", str(tmp_path / "batch"), "alpha@127.0.0.1",
        ],
        env=os.environ | {"SSH_ASKPASS": str(answer), "SSH_ASKPASS_REQUIRE": "force"},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (world.root / "alpha" / "inbox" / "subgroups" / "subgroups.csv").read_text() == "student_id,ell\n1,y\n"


def test_a_registry_that_is_away_refuses_and_the_server_lives_on(world: World, registry: Registry) -> None:
    _set(registry, "alpha", RIGHT)
    table = "district_password"
    with registry.engine.begin() as connection:
        connection.exec_driver_sql(f"alter table {table} rename to {table}_away")
    assert not _signs_in(world, "alpha", RIGHT)
    with registry.engine.begin() as connection:
        connection.exec_driver_sql(f"alter table {table}_away rename to {table}")
    assert _signs_in(world, "alpha", RIGHT)


def test_one_address_tries_longer_and_longer_and_the_keys_stay_good(world: World, registry: Registry) -> None:
    """The right password is taken from another address meanwhile."""
    _set(registry, "alpha", RIGHT)

    async def many() -> list[BaseException | None]:
        return await asyncio.gather(*(_guess(world, [f"guess {n}"], "127.0.0.2") for n in range(30)), return_exceptions=True)

    assert all(isinstance(answer, asyncssh.Error) for answer in asyncio.run(many()))
    waited(lambda: sum(event[0] == "sftp.login_refused" for event in world.events) == 30)
    assert sum("refused_unseen" in event[2] for event in world.events) >= 20
    assert _signs_in(world, "alpha", RIGHT)
    with world.sftp("alpha") as by_key:
        assert by_key.listdir(".")
