"""Signing in to an SFTP server with our key, against a host key that is pinned and never learned."""

from __future__ import annotations

import base64
import binascii
import socket
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.intake.sources.sftp_server import HostKeyError, SftpServer, SignInError, UnreachableError

if TYPE_CHECKING:
    import paramiko

_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr")
_WINDOW, _PACKET = 32 * 1024**2, 128 * 1024
"""Bytes that a server may send before we took them, and in one packet; paramiko's 2 MB and 32 KB hold a fast server up."""
_TRIES = 3


def connect(server: SftpServer) -> paramiko.SSHClient:
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

    transport = paramiko.Transport(connection, default_window_size=_WINDOW, default_max_packet_size=_PACKET, **options)
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
