"""`subgroups up`: the SFTP server in this process, Dagster's webserver and daemon as children; all stop within ten seconds."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from subgroup_pipeline.cli.output import say
from subgroup_pipeline.errors import SubgroupsError

if TYPE_CHECKING:
    from subgroup_pipeline.dropserver.server import DropServer
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

PARTS = ("sftp", "dagster")
_STOP_SECONDS = 6.0


def drop_server(settings: Settings, registry: Registry, *, port: int | None = None) -> DropServer:
    """The SFTP server over this installation's accounts; its events go to the audit log."""
    from subgroup_pipeline.dropserver.server import DropServer
    from subgroup_pipeline.registry.district_keys import account_keys

    def audit(kind: str, account: str, detail: dict[str, str]) -> None:
        registry.audit(kind, actor=account[:80], detail=dict(detail))

    return DropServer(
        root=settings.paths.sftp,
        keys_dir=settings.paths.keys,
        host=settings.sftp_host,
        port=settings.sftp_port if port is None else port,
        keys_of=lambda account: account_keys(registry, account),
        audit=audit,
    )


def run_up(settings: Settings, registry: Registry, only: str | None) -> None:
    """Run until Ctrl-C or SIGTERM. Raises SubgroupsError when a part cannot start or ends by itself."""
    asyncio.run(_run(settings, registry, [only] if only else list(PARTS)))


async def _run(settings: Settings, registry: Registry, parts: list[str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = drop_server(settings, registry) if "sftp" in parts else None
    children: dict[str, subprocess.Popen[bytes]] = {}
    health: asyncio.Server | None = None
    try:
        if server is not None:
            await server.start()
            _greet(server)
        if "dagster" in parts:
            children = _start_dagster(settings)
        health = await _serve_health(settings, server, children)
        say("Ctrl-C stops everything")
        while not stop.is_set():
            for name, child in children.items():
                if child.poll() is not None:
                    raise SubgroupsError(f"{name} ended by itself with status {child.returncode}; its messages stand above.")
            await asyncio.wait([asyncio.create_task(stop.wait())], timeout=0.5)
    finally:
        if health is not None:
            health.close()
        _stop(children)
        if server is not None:
            await server.stop()


async def _serve_health(
    settings: Settings, server: DropServer | None, children: dict[str, subprocess.Popen[bytes]]
) -> asyncio.Server | None:
    """Serve /healthz; a second `up` beside the first finds the port taken and does without."""
    from subgroup_pipeline.cli.health import serve_health

    def parts() -> dict[str, bool]:
        sftp = {} if server is None else {"sftp": server.is_listening}
        return sftp | {name: child.poll() is None for name, child in children.items()}

    try:
        health = await serve_health("127.0.0.1", settings.web_port, parts)
    except OSError as error:
        say(f"no health page: port {settings.web_port}: {error.strerror}. SUBGROUPS_WEB_PORT sets another.")
        return None
    say(f"health: http://127.0.0.1:{settings.web_port}/healthz")
    return health


def _greet(server: DropServer) -> None:
    say(f"SFTP server: {server.host} port {server.port}")
    for fingerprint in server.keyring.fingerprints.values() if server.keyring else ():
        say(f"  host key {fingerprint}")


def _start_dagster(settings: Settings) -> dict[str, subprocess.Popen[bytes]]:
    from subgroup_pipeline.orchestration.instance import open_instance

    with open_instance(settings):
        pass  # makes Dagster's databases: the children, begun at once, would make them side by side, and one would fail
    module = ["-m", "subgroup_pipeline.definitions"]
    bin_directory = Path(sys.executable).parent
    # The children may run in another directory than the one a relative home was meant for.
    environment = os.environ | {"SUBGROUPS_HOME": str(settings.paths.root), "PYTHONWARNINGS": "ignore"}
    web = [str(bin_directory / "dagster-webserver"), *module, "--host", "127.0.0.1", "--port", str(settings.dagster_port)]
    daemon = [str(bin_directory / "dagster-daemon"), "run", *module]
    say(f"Dagster: http://127.0.0.1:{settings.dagster_port} in a few seconds")
    # Sessions of their own: a terminal's Ctrl-C reaches this process only, which then stops them in order.
    return {
        command[0].rsplit("/", 1)[-1]: subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603
        for command in (web, daemon)
    }


def _stop(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """End the children with what they started; kill what does not go."""
    for child in children.values():
        _signal_group(child, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while any(child.poll() is None for child in children.values()) and time.monotonic() < deadline:
        time.sleep(0.05)
    for child in children.values():
        _signal_group(child, signal.SIGKILL)
        child.wait()


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return
