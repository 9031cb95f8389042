"""The SFTP server itself: starting it, stopping it within seconds, and running it beside synchronous code.

What a connection may do is decided in `connections` and below; here stand the listening socket and the limits of time.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh

from subgroup_pipeline.districts.public_keys import SIGNATURES
from subgroup_pipeline.dropserver import algorithms
from subgroup_pipeline.dropserver.accounts import Accounts
from subgroup_pipeline.dropserver.audit_trail import Audit, AuditTrail
from subgroup_pipeline.dropserver.connections import Doorkeeper, DropConnection
from subgroup_pipeline.dropserver.files import Sharing
from subgroup_pipeline.dropserver.host_keys import KeyRing, ensure_keys, host_key_pairs, write_known_hosts
from subgroup_pipeline.dropserver.newcomers import Newcomers
from subgroup_pipeline.dropserver.sign_in_limits import SignInLimits
from subgroup_pipeline.dropserver.sign_in_tries import Credentials
from subgroup_pipeline.errors import SettingsError

LOGIN_SECONDS = 30
KEEPALIVE_SECONDS = 30
WATCH_SECONDS = 1.0
"""How often the keys and passwords of those who are signed in are looked up again: a revoked one is out after so long."""
# Together below the 10 s in which `subgroups up` promises to stop.
POLITE_SECONDS = 3.0
ABORT_SECONDS = 1.0
AUDIT_SECONDS = 3.0
MAX_FILE_BYTES = 4 * 1024**3
"""Beyond anything landing would take (2 GB); it keeps one write at a huge offset from making a file of terabytes."""


class DropServer:
    """The server that districts upload to. `start` and `stop` run in one event loop; it can be started again after a stop."""

    def __init__(
        self,
        *,
        root: Path,
        keys_dir: Path,
        host: str,
        port: int,
        accounts: Accounts,
        audit: Audit,
        max_file_bytes: int = MAX_FILE_BYTES,
    ) -> None:
        self.host = host
        self.port = port
        """With 0 given, the port that was free, from `start` on."""
        self.keyring: KeyRing | None = None
        """The keys and their fingerprints, from `start` on."""
        self._root = root
        self._keys_dir = keys_dir
        self._accounts = accounts
        self._audit = audit
        self._max_file_bytes = max_file_bytes
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._door: Doorkeeper | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Make what is missing (directories, keys), listen, and write the pipeline's known_hosts.

        Raises SettingsError when the address cannot be had or a directory cannot be written.
        """
        if self._acceptor is not None:
            raise RuntimeError("the SFTP server runs already")
        # In a thread: making an RSA key takes a second, in which whatever shares the event loop must go on.
        keyring = await asyncio.to_thread(self._prepare)
        door = self._doorkeeper(keyring)
        try:
            acceptor = await self._listen(keyring, door)
        except OSError as error:
            door.sharing.trail.close(AUDIT_SECONDS)
            raise SettingsError(
                f"the SFTP server cannot listen on {self.host} port {self.port}: {error.strerror or error}."
                " Stop what uses that port, or set SUBGROUPS_SFTP_HOST or SUBGROUPS_SFTP_PORT."
            ) from error
        self.keyring, self._door, self._acceptor = keyring, door, acceptor
        self.port = acceptor.get_port()
        self._watch = asyncio.create_task(_watch_signed_in(door))
        try:
            await asyncio.to_thread(write_known_hosts, keyring, self.host, self.port)
        except OSError as error:
            await self.stop()
            raise SettingsError(
                f"cannot write {keyring.known_hosts}: {error.strerror}. The pipeline pins the server by it."
            ) from error

    async def stop(self) -> None:
        """Stop listening, close what is open, and write the last events; within 10 s, whatever the clients do."""
        if self._acceptor is None or self._door is None:
            return
        acceptor, door = self._acceptor, self._door
        self._acceptor = self._door = None
        if self._watch is not None:
            self._watch.cancel()
        acceptor.close()
        await _close_connections(door)
        for session in list(door.sessions):
            # An upload that is cut off here is still told apart from one that ended: this notes it as not clean.
            session.exit()
        await asyncio.to_thread(door.sharing.trail.close, AUDIT_SECONDS)

    def _prepare(self) -> KeyRing:
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"cannot create {self._root}: {error.strerror}. Point SUBGROUPS_HOME at a directory you can write."
            ) from error
        return ensure_keys(self._keys_dir)

    def _doorkeeper(self, keyring: KeyRing) -> Doorkeeper:
        trail = AuditTrail(self._audit)
        sharing = Sharing(self._root, trail, self._max_file_bytes, Counter())
        credentials = Credentials(self._accounts, keyring.pipeline_public_key, SignInLimits(self._accounts.known_places))
        return Doorkeeper(sharing, credentials, Newcomers(), set(), set(), set())

    async def _listen(self, keyring: KeyRing, door: Doorkeeper) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            self.host,
            self.port,
            server_factory=lambda: DropConnection(door),
            server_host_keys=host_key_pairs(keyring),
            server_version="subgroups",
            kex_algs=algorithms.KEY_EXCHANGE,
            encryption_algs=algorithms.CIPHERS,
            mac_algs=algorithms.MACS,
            compression_algs=algorithms.COMPRESSION,
            signature_algs=SIGNATURES,
            public_key_auth=True,
            password_auth=self._accounts.passwords is not None,
            kbdint_auth=False,
            host_based_auth=False,
            gss_host=None,
            gss_kex=False,
            gss_auth=False,
            x509_trusted_certs=None,
            allow_pty=False,
            agent_forwarding=False,
            x11_forwarding=False,
            allow_scp=False,
            login_timeout=LOGIN_SECONDS,
            keepalive_interval=KEEPALIVE_SECONDS,
        )


@contextmanager
def running(server: DropServer) -> Iterator[DropServer]:
    """Run a server on a thread of its own for as long as the block lasts; for code that has no event loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="dropserver", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result()
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(_settle(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _watch_signed_in(door: Doorkeeper) -> None:
    """Hang up on those whose key or password is in force no longer, for as long as the server runs."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        for client in list(door.signed_in):
            await client.look_again()


async def _close_connections(door: Doorkeeper) -> None:
    """Say goodbye to everyone; then hang up on who does not listen."""
    open_ones = list(door.connections)
    for connection in open_ones:
        connection.close()
    if await _all_closed(open_ones, POLITE_SECONDS):
        return
    for connection in open_ones:
        connection.abort()
    await _all_closed(open_ones, ABORT_SECONDS)


async def _all_closed(connections: list[asyncssh.SSHServerConnection], seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(connection.wait_closed() for connection in connections))
    except TimeoutError:
        return False
    return True


async def _settle() -> None:
    """Let go of what the loop still holds, so that closing it leaves nothing half-done."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()
