"""A thousand wrong sign-ins at once, while other districts sign in to the server that `subgroups up` runs."""

from __future__ import annotations

import logging
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.passwords import set_password
from subgroup_pipeline.districts.district_keys import authorize_keys
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.schema import AuditEvent
from subgroup_pipeline.settings import load_settings
from tests.dropserver.world import Client, make_client
from tests.support import small_district as small
from tests.support.command import Shell, free_port
from tests.support.waiting import waited

pytestmark = pytest.mark.slow

RIGHT = "seven red barns burn"
MOST_MEGABYTES = 400
GUESSES = 1000


@dataclass
class Attacked:
    """The server that is attacked, and its registry."""

    port: int
    pid: int
    registry: Registry
    key: Client

    @property
    def most_megabytes(self) -> float:
        """What the server ever had of the memory."""
        (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        return int(peak) / 1024

    def seconds(self, account: str, *, by_key: bool = False) -> float:
        """How long signing in takes, from the first byte to the listing of a folder."""
        begun = time.perf_counter()
        transport = paramiko.Transport(("127.0.0.1", self.port))
        try:
            transport.start_client(timeout=30)
            if by_key:
                transport.auth_publickey(account, self.key.paramiko_key)
            else:
                transport.auth_password(account, RIGHT, fallback=False)
            sftp = paramiko.SFTPClient.from_transport(transport)
            assert sftp is not None
            assert sftp.listdir("inbox") == ["roster", "subgroups"]
        finally:
            transport.close()
        return time.perf_counter() - begun

    def verified(self) -> int:
        """Wrong passwords that were looked at."""
        with self.registry.begin() as session:
            query = sa.select(AuditEvent).where(AuditEvent.kind == "sftp.login_refused")
            refused = [event.detail for event in session.scalars(query)]
        return sum(int(detail.get("passwords", 0)) - int(detail.get("refused_unseen", 0)) for detail in refused)


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Attacked]:
    shell = Shell(tmp_path, {"SUBGROUPS_SFTP_PORT": str(free_port()), "SUBGROUPS_WEB_PORT": str(free_port())})
    for district in ("alpha", "beta"):
        shell.subgroups("district", "apply", shell.write(f"{district}.yaml", small.settings(district)))
    registry = open_registry(load_settings(home=tmp_path / "home"))
    key = make_client(tmp_path, "beta_key")
    with registry.begin() as session:
        for district in ("alpha", "beta"):
            set_password(session, district, RIGHT, by="test")
    authorize_keys(registry, [("beta", key.public)], actor="test")
    with shell.up("--only", "sftp") as up:
        world = Attacked(int(shell.environment["SUBGROUPS_SFTP_PORT"]), up.pid, registry, key)
        waited(lambda: _answers(world.port), 60)
        yield world
    registry.close()


def _answers(port: int) -> bool:
    try:
        paramiko.Transport(("127.0.0.1", port)).close()
    except (OSError, paramiko.SSHException):
        return False
    return True


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


@pytest.mark.parametrize("who", ["one account", "a thousand accounts", "five addresses"])
def test_others_sign_in_while_somebody_guesses(attacked: Attacked, who: str) -> None:
    addresses = [f"127.0.0.{n}" for n in range(2, 7 if who == "five addresses" else 3)]
    each = GUESSES // len(addresses)
    accounts = [f"district_{n}" for n in range(each)] if who == "a thousand accounts" else ["alpha"] * each
    before = attacked.most_megabytes
    # An attacker has a machine of its own; here it gets what the server leaves.
    command = ["nice", "-n", "19", sys.executable, "-m", "tests.dropserver.attacker", str(attacked.port)]
    attackers = [subprocess.Popen([*command, address, ",".join(accounts)]) for address in addresses]
    by_password, by_key = [], []
    while any(attacker.poll() is None for attacker in attackers):
        by_password.append(attacked.seconds("beta"))
        by_key.append(attacked.seconds("beta", by_key=True))
    assert [attacker.returncode for attacker in attackers] == [0] * len(attackers), "a guess was right, or the attack failed"
    attacked.seconds("alpha")
    figures = {
        "sign-ins": len(by_password), "p95 by password": _p95(by_password), "p95 by key": _p95(by_key),
        "verified": attacked.verified(), "MB before": before, "MB at most": attacked.most_megabytes,
    }  # fmt: skip
    logging.getLogger(__name__).info("%s: %s", who, {name: round(value, 2) for name, value in figures.items()})
    assert figures["p95 by password"] < 2
    assert figures["p95 by key"] < 2
    assert figures["verified"] <= 100
    assert figures["MB at most"] < MOST_MEGABYTES
