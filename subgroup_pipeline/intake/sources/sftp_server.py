"""SFTP servers: which one a district's files lie on, and what can be wrong with one, told apart by what a person must do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from subgroup_pipeline.districts.registered import RegisteredDistrict
from subgroup_pipeline.intake.sources.source import SourceError
from subgroup_pipeline.settings import SERVICE_ACCOUNT, Settings


class SftpError(SourceError):
    """A fault of a server or of the way to it."""


class UnreachableError(SftpError):
    """The server did not answer, after bounded tries."""

    code = "NET001"


class HostKeyError(SftpError):
    """The server is not the one whose key is on record."""

    code = "NET002"
    needs_person = True


class SignInError(SftpError):
    """The server refused the account or key."""

    code = "NET003"
    needs_person = True


class TransferError(SftpError):
    """The connection broke while files went over it, after bounded tries."""

    code = "NET004"


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


def server_of(settings: Settings, district: RegisteredDistrict) -> SftpServer:
    """The server a district's files lie on: ours, or its own."""
    keys, own = settings.paths.keys, district.settings.server
    if own is not None:
        key = keys / own.private_key
        return SftpServer(own.host, own.port, own.username, key, host_key=own.host_key, is_ours=False)
    known_hosts = keys / "known_hosts"
    return SftpServer(settings.sftp_host, settings.sftp_port, SERVICE_ACCOUNT, keys / "pipeline", known_hosts)
