"""The SFTP protocol below the file operations: which extensions exist at all, what a CLOSE means, and that there is only SFTP.

This is the one module that leans on parts of asyncssh that its manual does not describe (`SFTPServerHandler`,
`SSHServerStreamSession`, `_ServerPasswordAuth`), because three things cannot be had otherwise: copy-data and hard links are not
even offered; a file that the client closed is told from one that lost its client (asyncssh calls `SFTPServer.close` for both);
and a password of 200 KB, which asyncssh would normalise for 0.7 s while everybody else waits, is refused by its length.
`tests/dropserver/test_drop_protocol.py` fails when an upgrade of asyncssh changes either.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

import asyncssh
from asyncssh import auth
from asyncssh.constants import FXP_CLOSE
from asyncssh.packet import SSHPacket
from asyncssh.sftp import SFTPServerHandler
from asyncssh.stream import SSHServerStreamSession

from subgroup_pipeline.dropserver.files import DropFiles

SFTP_VERSION = 3
MAX_PASSWORD_BYTES = 4096
"""More than the longest password that we take has in any spelling, with what stands around it in the request."""
KEPT_EXTENSIONS = (b"posix-rename@openssh.com", b"fsync@openssh.com", b"lsetstat@openssh.com", b"limits@openssh.com")

_Handler = Callable[[SFTPServerHandler, SSHPacket], Awaitable[object]]
_OURS = dict(SFTPServerHandler._packet_handlers)  # noqa: SLF001 - see the docstring


class DropHandler(SFTPServerHandler):
    """Answers the requests of one session."""

    _extensions = [pair for pair in SFTPServerHandler._extensions if pair[0] in KEPT_EXTENSIONS]  # noqa: RUF012, SLF001

    def __init__(self, files: DropFiles, reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes]) -> None:
        super().__init__(files, reader, writer, SFTP_VERSION)
        self.files = files

    async def close_for_client(self, packet: SSHPacket) -> None:
        """Answer CLOSE: whatever file is closed meanwhile, its client is still there and says it is done."""
        self.files.client_said_close = True
        try:
            await self._process_close(packet)
        finally:
            self.files.client_said_close = False

    _packet_handlers = _OURS


def _close(handler: SFTPServerHandler, packet: SSHPacket) -> Awaitable[object]:
    return cast("DropHandler", handler).close_for_client(packet)


def _refusing(extension: bytes) -> _Handler:
    async def refuse(handler: SFTPServerHandler, _packet: SSHPacket) -> None:
        cast("DropHandler", handler).files.refuse_operation(extension.decode())

    return refuse


# An extension that asyncssh learns in a later release is refused until somebody has thought about it.
_OURS.update({kind: _refusing(kind) for kind in _OURS if isinstance(kind, bytes) and kind not in KEPT_EXTENSIONS})
_OURS[FXP_CLOSE] = _close


class ShortPasswordAuth(auth._ServerPasswordAuth):  # noqa: SLF001 - see the docstring
    """Takes a password of bounded length."""

    async def _start(self, packet: SSHPacket) -> None:
        if len(packet.get_remaining_payload()) > MAX_PASSWORD_BYTES:
            raise asyncssh.ProtocolError("Password too long")
        await super()._start(packet)


auth._server_auth_handlers[b"password"] = ShortPasswordAuth  # noqa: SLF001 - of every server in this process, which is ours


class SftpOnlySession(SSHServerStreamSession[bytes]):
    """A session that can become SFTP and nothing else."""

    def __init__(
        self,
        make_files: Callable[[asyncssh.SSHServerChannel[bytes]], DropFiles],
        refused: Callable[[str], object],
        closed: Callable[[], None],
    ) -> None:
        super().__init__(None)
        self._make_files = make_files
        self._refused = refused
        self._closed = closed

    def shell_requested(self) -> bool:
        """No shell."""
        self._refused("shell")
        return False

    def exec_requested(self, command: str) -> bool:
        """No command, so no scp either. What it was is not noted: a command line may hold a password."""
        del command
        self._refused("exec")
        return False

    def subsystem_requested(self, subsystem: str) -> bool:
        """SFTP, by its one name."""
        if subsystem == "sftp":
            return True
        self._refused("subsystem")
        return False

    def session_started(self) -> None:
        """Serve SFTP; called only after a subsystem was agreed on."""
        channel = cast("asyncssh.SSHServerChannel[bytes]", self._chan)
        channel.set_encoding(None)
        self._encoding = None
        reader, writer = asyncssh.SSHReader[bytes](self, channel), asyncssh.SSHWriter[bytes](self, channel)
        files = self._make_files(channel)
        channel.get_connection().create_task(_serve(DropHandler(files, reader, writer), files), reader.logger)

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is gone; requests that came before are still answered."""
        super().connection_lost(exc)
        self._closed()


async def _serve(handler: DropHandler, files: DropFiles) -> None:
    try:
        await handler.run()
    finally:
        # asyncssh ends a session without cleaning up when it is cancelled, or when a client sends a break or a signal.
        files.exit()
