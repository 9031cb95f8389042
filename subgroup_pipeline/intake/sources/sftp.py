"""Files over SFTP (paramiko): one connection with several channels, tuned and bounded.

A fault that another try may heal is tried again; a refused sign-in or a changed key is reported at once.
"""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import LifoQueue
from typing import TYPE_CHECKING, TypeVar

from subgroup_pipeline.intake.sources.file_server import RemoteEntry
from subgroup_pipeline.intake.sources.sftp_reading import read_file
from subgroup_pipeline.intake.sources.sftp_server import SftpError, SftpServer, TransferError
from subgroup_pipeline.intake.sources.sftp_sign_in import connect

if TYPE_CHECKING:
    import paramiko

    from subgroup_pipeline.intake.archive import IncomingFile

CHANNELS = 8
"""SFTP channels on one connection; OpenSSH allows ten sessions by default."""
_TRIES = 3
Result = TypeVar("Result")


class SftpConnection:
    """One connection with a pool of channels; thread-safe. Opened on first use, opened again when it broke."""

    def __init__(self, server: SftpServer) -> None:
        self.server = server
        self._lock = threading.Lock()
        self._client: paramiko.SSHClient | None = None
        self._idle: LifoQueue[paramiko.SFTPClient] = LifoQueue()
        self._fault: SftpError | None = None

    @property
    def is_ours(self) -> bool:
        """Whether it is our drop server."""
        return self.server.is_ours

    def list_files(self, directory: str) -> list[RemoteEntry]:
        """Regular files in a directory, by (mtime, name); a directory that does not exist holds none."""

        def work(sftp: paramiko.SFTPClient) -> list[RemoteEntry]:
            try:
                attributes = sftp.listdir_attr(directory)
            except FileNotFoundError:
                return []
            entries = [
                RemoteEntry(f"{directory}/{a.filename}", a.st_size or 0, int(a.st_mtime or 0))
                for a in attributes
                if stat.S_ISREG(a.st_mode or 0) and "/" not in a.filename
            ]
            return sorted(entries, key=lambda entry: (entry.mtime, entry.path))

        return self._attempt(work)

    def list_folders(self, directory: str) -> list[str]:
        """Names of the folders in a directory, sorted; a directory that does not exist holds none."""

        def work(sftp: paramiko.SFTPClient) -> list[str]:
            try:
                found = sftp.listdir_attr(directory)
            except FileNotFoundError:
                return []
            return sorted(entry.filename for entry in found if stat.S_ISDIR(entry.st_mode or 0))

        return self._attempt(work)

    def make_folder(self, path: str) -> None:
        """Make a folder where none is; the one it stands in must be there."""

        def work(sftp: paramiko.SFTPClient) -> None:
            try:
                sftp.mkdir(path)
            except OSError:
                if not stat.S_ISDIR(sftp.stat(path).st_mode or 0):
                    raise

        self._attempt(work)

    def fetch(self, entry: RemoteEntry, target: IncomingFile) -> bool:
        """Fetch a file into `target`; False when it changed or went away while we read."""

        def work(sftp: paramiko.SFTPClient) -> bool:
            target.restart()
            channel = sftp.get_channel()
            if channel is None:
                raise EOFError("the connection broke")
            try:
                after = read_file(channel, entry.path, entry.size, target.write)
            except FileNotFoundError:
                return False
            except OSError as error:
                if not _is_alive(sftp):
                    raise EOFError("the connection broke") from error
                raise
            return after == (entry.size, entry.mtime)

        return self._attempt(work)

    def remove(self, entry: RemoteEntry) -> None:
        """Remove a file as it was listed. One that is gone is fine; one that was uploaded anew since then stays."""

        def work(sftp: paramiko.SFTPClient) -> None:
            try:
                now = sftp.stat(entry.path)
                if (now.st_size, int(now.st_mtime or 0)) == (entry.size, entry.mtime):
                    sftp.remove(entry.path)
            except FileNotFoundError:
                return

        self._attempt(work)

    def write(self, path: str, content: bytes) -> None:
        """Put a whole file there: written under another name, then renamed over what has the name."""

        def work(sftp: paramiko.SFTPClient) -> None:
            part = f"{path}.part"
            with sftp.open(part, "wb") as remote:
                remote.set_pipelined(True)
                remote.write(content)
            sftp.posix_rename(part, path)

        self._attempt(work)

    def close(self) -> None:
        """End the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _attempt(self, work: Callable[[paramiko.SFTPClient], Result]) -> Result:
        """Do work on a channel, again on a fresh one when the connection broke. Raises an IntakeError of this module."""
        import paramiko
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

        transient = (paramiko.SSHException, EOFError, ConnectionError, TimeoutError)
        tries = Retrying(
            retry=retry_if_exception_type(transient),
            stop=stop_after_attempt(_TRIES),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            reraise=True,
        )
        try:
            for attempt in tries:
                with attempt, self._channel() as sftp:
                    return work(sftp)
        except (*transient, OSError, UnicodeError) as error:  # UnicodeError: a name in a listing that is not UTF-8
            raise TransferError(f"the transfer with {self.server.name} failed: {error or type(error).__name__}") from error
        raise AssertionError("tenacity ends by returning or raising")

    @contextmanager
    def _channel(self) -> Iterator[paramiko.SFTPClient]:
        """Borrow a channel; one on which something failed is not given back."""
        import paramiko

        with self._lock:
            client = self._connected()
            sftp = None if self._idle.empty() else self._idle.get_nowait()
        if sftp is None:
            transport = client.get_transport()
            if transport is None:
                raise paramiko.SSHException("the connection is closed")
            sftp = paramiko.SFTPClient.from_transport(transport)
            if sftp is None:
                raise paramiko.SSHException("the server opened no SFTP channel")
            channel = sftp.get_channel()
            if channel is not None:
                channel.settimeout(self.server.timeout * 3)
        try:
            yield sftp
        except Exception:
            sftp.close()
            raise
        self._idle.put(sftp)

    def _connected(self) -> paramiko.SSHClient:
        transport = self._client.get_transport() if self._client else None
        if self._client is None or transport is None or not transport.is_active():
            self.close()
            self._idle = LifoQueue()
            if self._fault is not None:
                # A server that did not answer once is not asked again for each of its districts.
                raise self._fault
            try:
                self._client = connect(self.server)
            except SftpError as fault:
                self._fault = fault
                raise
        return self._client


def _is_alive(sftp: paramiko.SFTPClient) -> bool:
    """Whether the connection under a channel still stands."""
    channel = sftp.get_channel()
    transport = channel.get_transport() if channel is not None else None
    return transport is not None and transport.is_active()
