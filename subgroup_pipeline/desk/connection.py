"""What a district needs to connect to the SFTP server: host, port, account, folders, and the keys that prove the server."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.dropserver.host_keys import KeyRing
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.settings import Settings

_BITS = {"ssh-ed25519": 255, "ssh-rsa": 3072}


@dataclass(frozen=True)
class HostKey:
    """A key of the server: its kind, its fingerprint (`SHA256:…`), and how WinSCP writes that."""

    kind: str
    fingerprint: str

    @property
    def for_winscp(self) -> str:
        """As `-hostkey=` and `SshHostKeyFingerprint` take it: kind, bits, and the hash without its name."""
        return f"{self.kind} {_BITS[self.kind]} {self.fingerprint.removeprefix('SHA256:')}"


@dataclass(frozen=True)
class Connection:
    """How a district reaches its folders; `host_keys` and `known_hosts` begin with the preferred key."""

    district_id: str
    name: str
    host: str
    port: int
    account: str
    folders: dict[Feed, str]
    host_keys: list[HostKey]
    known_hosts: list[str]


def connection_of(settings: Settings, district: RegisteredDistrict) -> Connection:
    """How this district connects. The server's keys are made when nothing has made them yet."""
    from subgroup_pipeline.dropserver.host_keys import HOST_ED25519, HOST_RSA, known_hosts_lines

    files = [settings.paths.keys / name for name in (HOST_ED25519, HOST_RSA)]
    changed = tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)
    ring = _key_ring(settings.paths.keys, changed)
    host, port = settings.upload_host, settings.upload_port
    subgroups = district.settings.subgroups
    of_subgroups = subgroups.path if subgroups is not None else ""
    folders = {"roster": district.settings.roster.path, "subgroups": of_subgroups}
    paths: dict[Feed, str] = {feed: folders[feed] for feed in district.settings.uploaded_feeds}
    return Connection(
        district_id=district.district_id,
        name=district.settings.name,
        host=host,
        port=port,
        account=district.district_id,
        folders=paths,
        host_keys=[HostKey(kind, print_) for kind, print_ in ring.fingerprints.items()],
        known_hosts=known_hosts_lines(ring, host, port),
    )


@cache
def _key_ring(keys: Path, changed: tuple[int, ...]) -> KeyRing:  # noqa: ARG001 - new files are read anew
    """The server's keys; reading them takes a tenth of a second, since an RSA key is checked."""
    from subgroup_pipeline.dropserver.host_keys import ensure_keys

    return ensure_keys(keys)
