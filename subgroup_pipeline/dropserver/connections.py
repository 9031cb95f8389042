"""One client's SSH connection: it signs in with a key, gets SFTP, and nothing else that SSH can do.

An account that does not exist is answered exactly as one whose key is wrong.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import asyncssh

from subgroup_pipeline.dropserver.accounts import fingerprint, is_account, key_is_among, only_strong_signatures
from subgroup_pipeline.dropserver.files import DropFiles, Sharing
from subgroup_pipeline.dropserver.jail import make_home
from subgroup_pipeline.dropserver.protocol import SftpOnlySession
from subgroup_pipeline.settings import SERVICE_ACCOUNT

KeysOf = Callable[[str], Sequence[str] | None]

MAX_TRIES = 3
"""Refused keys of one connection; then it is closed."""
MAX_AUTH_ANSWERS = 12
"""Answers of any kind before a login: tries with passwords are refused unseen, and are not to go on until the time is up."""
MAX_SESSIONS = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Doorkeeper:
    """What every connection needs to know of its server."""

    sharing: Sharing
    keys_of: KeysOf
    pipeline_public_key: str
    connections: set[asyncssh.SSHServerConnection]
    sessions: set[DropFiles]
    signed_in: set[DropConnection]


class DropConnection(asyncssh.SSHServer):
    """Lets a client in, or not."""

    def __init__(self, door: Doorkeeper) -> None:
        self._door = door
        self._conn: asyncssh.SSHServerConnection | None = None
        self._name: str | None = None
        self._peer = ""
        self._account = ""
        self._proved = ("", "")
        self._key: asyncssh.SSHKey | None = None
        self._refused_keys: list[str] = []
        self._offers = 0
        self._answers = 0
        self._sessions = 0

    # -- coming and going ------------------------------------------------------------------------------------------------

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember it, for the server closes what is open when it stops."""
        self._conn = conn
        peer = conn.get_extra_info("peername")
        self._peer = str(peer[0]) if peer else ""
        self._door.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """One event for a client that wanted to sign in and did not, however often it tried."""
        if self._conn is not None:
            self._door.connections.discard(self._conn)
        self._door.signed_in.discard(self)
        if self._name is not None and not self._account:
            # A name that cannot be an account is a stranger's text: it stands in the details, not as the account.
            known_form = is_account(self._name)
            self._note(
                "sftp.login_refused",
                self._name if known_form else "-",
                peer=self._peer,
                keys=" ".join(self._refused_keys) or "none offered",
                **({} if known_form else {"name": self._name[:64]}),
            )

    # -- signing in ------------------------------------------------------------------------------------------------------

    def begin_auth(self, username: str) -> bool:
        """Everybody has to prove who they are."""
        self._name = username
        return True

    def public_key_auth_supported(self) -> bool:
        """Yes. asyncssh asks this at least once for each answer before a login, which makes it the place to count them."""
        self._answers += 1
        if self._answers > MAX_AUTH_ANSWERS:
            self._hang_up()
        return True

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether this key opens this account, asked anew at every login: a key authorized a second ago is good."""
        only_strong_signatures(key)
        self._offers += 1
        self._proved = ("", "")
        shown = fingerprint(key)
        if await self._opens(username, key) and self._offers <= 2 * MAX_TRIES:
            self._proved = (username, shown)
            self._key = key
            return True
        self._refused_keys.append(shown)
        if len(self._refused_keys) >= MAX_TRIES:
            self._hang_up()
        return False

    def auth_completed(self) -> None:
        """The client is who it says: its directories are there from now on."""
        account, key = self._proved
        if not account or account != self._name:
            # Cannot be, unless a client found a way to change the name between its key and this answer.
            self._hang_up()
            return
        self._account = account
        self._door.signed_in.add(self)
        self._note("sftp.login", account, peer=self._peer, key=key)
        try:
            make_home(self._door.sharing.root, account)
        except OSError:
            # The login stands; what the client then asks for fails with the disk's own error.
            _log.exception("the directories of account %s could not be made", account)

    async def look_again(self) -> None:
        """Hang up when the key that this client signed in with has been revoked or paused meanwhile."""
        if self._account == SERVICE_ACCOUNT or self._key is None or self._conn is None:
            return
        try:
            lines = await asyncio.to_thread(self._door.keys_of, self._account)
        except Exception:  # noqa: BLE001 - whatever the caller's function raises
            return  # the registry is away for a moment; who is in stays in, and is looked at again
        if not await asyncio.to_thread(key_is_among, self._key, lines or []):
            self._note("sftp.closed", self._account, peer=self._peer, key=self._proved[1], reason="the key was revoked or paused")
            self._conn.disconnect(asyncssh.DISC_BY_APPLICATION, "This key may no longer sign in")

    async def _opens(self, account: str, key: asyncssh.SSHKey) -> bool:
        lines = await self._lines(account)
        # Work of the same kind for an account that does not exist: time must not tell the two apart.
        decoy = [self._door.pipeline_public_key]
        return await asyncio.to_thread(key_is_among, key, decoy if lines is None else lines) and lines is not None

    async def _lines(self, account: str) -> Sequence[str] | None:
        if account == SERVICE_ACCOUNT:
            return [self._door.pipeline_public_key]
        if not is_account(account):
            return None
        try:
            return await asyncio.to_thread(self._door.keys_of, account)
        except Exception:  # noqa: BLE001 - whatever the caller's function raises
            # The registry may be away for a moment; a login then fails, and the server lives on.
            _log.exception("the keys of account %s could not be looked up", account)
            return None

    def _hang_up(self) -> None:
        if self._conn is not None:
            self._conn.disconnect(asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "Too many authentication failures")

    # -- what a client may ask for ---------------------------------------------------------------------------------------

    def session_requested(self) -> asyncssh.SSHServerSession[bytes] | bool:
        """A session, which can only become SFTP."""
        if self._sessions >= MAX_SESSIONS or not self._account:
            self._refused("session")
            return False
        self._sessions += 1
        return SftpOnlySession(self._make_files, self._refused, self._session_closed)

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:  # noqa: ARG002
        """No forwarding."""
        return self._refused("forwarding")

    def server_requested(self, listen_host: str, listen_port: int) -> bool:  # noqa: ARG002
        """No forwarding the other way round."""
        return self._refused("forwarding")

    def unix_connection_requested(self, dest_path: str) -> bool:  # noqa: ARG002
        """No forwarding to sockets."""
        return self._refused("forwarding")

    def unix_server_requested(self, listen_path: str) -> bool:  # noqa: ARG002
        """No forwarding from sockets."""
        return self._refused("forwarding")

    def _make_files(self, channel: asyncssh.SSHServerChannel[bytes]) -> DropFiles:
        files = DropFiles(channel, self._account, self._door.sharing, self._door.sessions.discard)
        self._door.sessions.add(files)
        return files

    def _session_closed(self) -> None:
        self._sessions -= 1

    def _refused(self, what: str) -> bool:
        self._note("sftp.refused", self._account, operation=what, path="", reason="SFTP is all there is")
        return False

    def _note(self, kind: str, account: str, **details: str) -> None:
        self._door.sharing.trail.record(kind, account, **details)
