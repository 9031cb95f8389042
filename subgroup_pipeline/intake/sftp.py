"""The SFTP client: paramiko with a pinned host key, tuned and bounded. Faults are told apart by what a person must do.

Host keys are never learned. A fault that another try may heal is tried again; a refused sign-in or a changed key is
reported at once.
"""

from __future__ import annotations

import base64
import binascii
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import LifoQueue
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from subgroup_pipeline.errors import IntakeError

if TYPE_CHECKING:
    import paramiko

    from subgroup_pipeline.intake.archive import IncomingFile

CHANNELS = 8
"""SFTP channels on one connection; OpenSSH allows ten sessions by default."""
_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr")
_TRIES = 3
Result = TypeVar("Result")


class SftpError(IntakeError):
    """A fault of a server or of the way to it; `code` is its finding."""

    code: ClassVar[str]


class UnreachableError(SftpError):
    """The server did not answer, after bounded tries."""

    code = "NET001"


class HostKeyError(SftpError):
    """The server is not the one whose key is on record."""

    code = "NET002"


class SignInError(SftpError):
    """The server refused the account or key."""

    code = "NET003"


class TransferError(SftpError):
    """The connection broke while files went over it, after bounded tries."""

    code = "NET004"


class _GrownError(Exception):
    """A file holds more bytes than when it was listed."""


@dataclass(frozen=True)
class SftpServer:
    """Where to fetch: address, account, key, pinned host key, and whether files are removed once archived."""

    host: str
    port: int
    username: str
    private_key: Path
    known_hosts: Path | None = None
    host_key: str = ""
    is_ours: bool = True
    timeout: float = field(default=20.0)

    @property
    def name(self) -> str:
        """For messages."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class RemoteEntry:
    """A regular file on a server; size in bytes, mtime in seconds since 1970 by the server's clock."""

    path: str
    size: int
    mtime: int

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rsplit("/", 1)[-1]


class SftpConnection:
    """One connection with a pool of channels; thread-safe. Opened on first use, opened again when it broke."""

    def __init__(self, server: SftpServer) -> None:
        self.server = server
        self._lock = threading.Lock()
        self._client: paramiko.SSHClient | None = None
        self._idle: LifoQueue[paramiko.SFTPClient] = LifoQueue()
        self._fault: SftpError | None = None

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

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder; one that is gone is fine."""

        def work(sftp: paramiko.SFTPClient) -> None:
            with suppress(FileNotFoundError):
                sftp.rmdir(path)

        self._attempt(work)

    def fetch(self, entry: RemoteEntry, target: IncomingFile) -> bool:
        """Fetch a file into `target`; False when it changed or went away while we read."""

        def stop_when_grown(read: int, _size: int) -> None:
            # Else a file that grows as fast as we read would keep us for ever.
            if read > entry.size:
                raise _GrownError

        def work(sftp: paramiko.SFTPClient) -> bool:
            target.restart()
            try:
                sftp.getfo(entry.path, target, callback=stop_when_grown, prefetch=True)  # type: ignore[arg-type]
                after = sftp.stat(entry.path)
            except (FileNotFoundError, _GrownError):
                return False
            except OSError as error:
                if not _is_alive(sftp):
                    raise EOFError("the connection broke") from error
                if "size mismatch" in str(error):  # paramiko's words for a file that shrank
                    return False
                raise
            return (after.st_size, int(after.st_mtime or 0)) == (entry.size, entry.mtime) and target.size == entry.size

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
                self._client = _connect(self.server)
            except SftpError as fault:
                self._fault = fault
                raise
        return self._client


def _is_alive(sftp: paramiko.SFTPClient) -> bool:
    """Whether the connection under a channel still stands."""
    channel = sftp.get_channel()
    transport = channel.get_transport() if channel is not None else None
    return transport is not None and transport.is_active()


def _connect(server: SftpServer) -> paramiko.SSHClient:
    """Connect and sign in. Raises UnreachableError after bounded tries; HostKeyError and SignInError at once."""
    import paramiko
    from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

    def heals(error: BaseException) -> bool:
        settled = (paramiko.AuthenticationException, paramiko.BadHostKeyException, HostKeyError, SignInError)
        return isinstance(error, (OSError, EOFError, paramiko.SSHException)) and not isinstance(error, settled)

    tries = Retrying(
        retry=retry_if_exception(heals),
        stop=stop_after_attempt(_TRIES),
        wait=wait_random_exponential(multiplier=0.2, max=2),
        reraise=True,
    )
    try:
        return tries(_sign_in, server)
    except paramiko.BadHostKeyException as error:
        raise HostKeyError(
            f"{server.name} shows another host key ({error.key.get_name()} {error.key.fingerprint}) than the one on "
            "record. Nothing was fetched. Ask its owner whether the key was changed on purpose before you record it."
        ) from error
    except paramiko.AuthenticationException as error:
        raise SignInError(
            f"{server.name} refused the sign-in of {server.username} with {server.private_key.name}: {error}"
        ) from error
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise UnreachableError(
            f"{server.name} did not answer ({error or type(error).__name__}). Is the server up? `subgroups up` starts ours."
        ) from error


def _sign_in(server: SftpServer) -> paramiko.SSHClient:
    import paramiko

    key = _own_key(server)
    client = paramiko.SSHClient()
    _pin(client, server)
    client.set_missing_host_key_policy(_refuse_unpinned())
    connection = socket.create_connection((server.host, server.port), timeout=server.timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        client.connect(
            server.host,
            server.port,
            username=server.username,
            pkey=key,
            sock=connection,
            look_for_keys=False,
            allow_agent=False,
            timeout=server.timeout,
            banner_timeout=server.timeout,
            auth_timeout=server.timeout,
            channel_timeout=server.timeout,
            transport_factory=_tuned_transport,
        )
    except BaseException:
        connection.close()
        client.close()
        raise
    transport = client.get_transport()
    if transport is not None:
        transport.set_keepalive(30)
    return client


def _own_key(server: SftpServer) -> paramiko.PKey:
    """The key we sign in with; a bad one is no fault of the server. Raises SignInError."""
    import paramiko
    from paramiko.pkey import UnknownKeyType

    if not server.private_key.is_file():
        if server.is_ours:
            raise UnreachableError(f"our SFTP server has not been started yet ({server.name}). `subgroups up` starts it.")
        raise SignInError(f"the key {server.private_key} for {server.name} is missing. Put it there, readable by us only.")
    try:
        return paramiko.PKey.from_path(server.private_key)
    except (OSError, ValueError, TypeError, paramiko.SSHException, UnknownKeyType) as error:
        raise SignInError(f"the key {server.private_key} for {server.name} cannot be read: {error}") from error


def _tuned_transport(connection: Any, **options: Any) -> paramiko.Transport:  # noqa: ANN401 - paramiko's factory
    import paramiko

    transport = paramiko.Transport(connection, **options)
    # Public options only narrow the list; the measured order (GCM first) has to be set before the handshake.
    transport.get_security_options().ciphers = _CIPHERS
    return transport


def _pin(client: paramiko.SSHClient, server: SftpServer) -> None:
    """Load the one host key we accept."""
    import paramiko
    from paramiko.pkey import UnknownKeyType

    name = server.host if server.port == 22 else f"[{server.host}]:{server.port}"
    if server.host_key:
        try:
            kind, text = server.host_key.split()[:2]
            key = paramiko.PKey.from_type_string(kind, base64.b64decode(text, validate=True))
        except (ValueError, binascii.Error, paramiko.SSHException, UnknownKeyType) as error:
            raise HostKeyError(f"the host key on record for {server.name} cannot be read: {error}") from error
        client.get_host_keys().add(name, key.get_name(), key)
    elif server.known_hosts is not None and server.known_hosts.is_file():
        client.load_host_keys(str(server.known_hosts))
    if client.get_host_keys().lookup(name) is None:
        raise UnreachableError(f"no host key is on record for {server.name}. `subgroups up` starts our server and records it.")


def _refuse_unpinned() -> paramiko.MissingHostKeyPolicy:
    """Make the policy for a server whose key is not on record: refuse, in words (a key is never learned)."""
    import paramiko

    class Refuse(paramiko.MissingHostKeyPolicy):
        def missing_host_key(self, _client: object, hostname: str, key: paramiko.PKey) -> None:
            raise HostKeyError(
                f"{hostname} shows a host key ({key.get_name()} {key.fingerprint}) that is not on record. Nothing was fetched. "
                "Ask its owner whether the key was changed on purpose before you record it."
            )

    return Refuse()
