"""One client's SSH connection: it signs in with a key or a password, gets SFTP, and nothing else that SSH can do."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import asyncssh

from subgroup_pipeline.dropserver.accounts import is_account
from subgroup_pipeline.dropserver.files import DropFiles, Sharing
from subgroup_pipeline.dropserver.jail import make_home
from subgroup_pipeline.dropserver.newcomers import Newcomers
from subgroup_pipeline.dropserver.protocol import SftpOnlySession
from subgroup_pipeline.dropserver.sign_in_tries import Credentials, Proof, SignInTries
from subgroup_pipeline.settings import SERVICE_ACCOUNT

MAX_AUTH_ANSWERS = 12
"""Answers of any kind before a login: what asyncssh refuses by itself is not to go on until the time is up."""
MAX_SESSIONS = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Doorkeeper:
    """What every connection needs to know of its server."""

    sharing: Sharing
    credentials: Credentials
    newcomers: Newcomers
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
        self._tries = SignInTries(door.credentials, "")
        self._proof: Proof | None = None
        self._answers = 0
        self._sessions = 0

    # -- coming and going ------------------------------------------------------------------------------------------------

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember it, for the server closes what is open when it stops."""
        self._conn = conn
        peer = conn.get_extra_info("peername")
        self._peer = str(peer[0]) if peer else ""
        self._tries = SignInTries(self._door.credentials, self._peer)
        self._door.connections.add(conn)
        self._door.newcomers.arrived(conn, self._peer)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """One event for a client that wanted to sign in and did not, however often it tried."""
        if self._conn is not None:
            self._door.connections.discard(self._conn)
            self._door.newcomers.left(self._conn, self._peer)
        self._door.signed_in.discard(self)
        if self._name is not None and not self._account:
            # A name that cannot be an account is a stranger's text: it stands in the details, not as the account.
            known_form = is_account(self._name)
            self._note(
                "sftp.login_refused",
                self._name if known_form else "-",
                peer=self._peer,
                **self._tries.detail,
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

    def password_auth_supported(self) -> bool:
        """For districts, and for names that are none; the pipeline signs in with its key only."""
        return self._door.credentials.accounts.passwords is not None and self._name != SERVICE_ACCOUNT

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether this key opens this account."""
        return await self._tries.key(username, key) or self._refuse_try()

    async def validate_password(self, username: str, password: str) -> bool:
        """Whether this password opens this account."""
        return await self._tries.password(username, password) or self._refuse_try()

    def auth_completed(self) -> None:
        """The client is who it says: its directories are there from now on."""
        proof = self._tries.proof
        if self._conn is None or proof is None or proof.account != self._name:
            # Cannot be, unless a client found a way to change the name between its proof and this answer.
            self._hang_up()
            return
        self._account, self._proof = proof.account, proof
        self._door.newcomers.left(self._conn, self._peer)
        self._door.signed_in.add(self)
        self._note("sftp.login", self._account, peer=self._peer, **proof.detail)
        try:
            make_home(self._door.sharing.root, self._account)
        except OSError:
            # The login stands; what the client then asks for fails with the disk's own error.
            _log.exception("the directories of account %s could not be made", self._account)

    async def look_again(self) -> None:
        """Hang up when the key or the password that this client signed in with is in force no longer."""
        if self._account == SERVICE_ACCOUNT or self._proof is None or self._conn is None:
            return
        try:
            why = await self._tries.why_no_longer(self._proof)
        except Exception:  # noqa: BLE001 - whatever the caller's function raises
            return  # the registry is away for a moment; who is in stays in, and is looked at again
        if why:
            self._note("sftp.closed", self._account, peer=self._peer, **self._proof.detail, reason=why)
            self._conn.disconnect(asyncssh.DISC_BY_APPLICATION, "You may no longer sign in in this way")

    def _refuse_try(self) -> bool:
        if self._tries.are_over:
            self._hang_up()
        return False

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
