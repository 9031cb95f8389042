"""The server's own keys and the pipeline's: made on first start, shown with fingerprints, pinned in `known_hosts`.

The files stay in the installation's `keys/` (mode 0700, private keys 0600). Nothing here knows an account's keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import asyncssh

from subgroup_pipeline.disk import write_beside, write_whole
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.settings import SERVICE_ACCOUNT

RSA_BITS = 3072
HOST_ED25519 = "ssh_host_ed25519_key"
HOST_RSA = "ssh_host_rsa_key"
PIPELINE = "pipeline"


@dataclass(frozen=True)
class KeyRing:
    """Where the keys lie, and what of them may be shown."""

    directory: Path
    host_public_keys: tuple[str, ...]
    """OpenSSH lines without comment, ed25519 first."""
    fingerprints: dict[str, str]
    """Of the host keys, by key type: `ssh-ed25519` and `ssh-rsa`, each `SHA256:…`."""
    pipeline_public_key: str

    @property
    def host_keys(self) -> tuple[Path, Path]:
        """The server's private keys, the preferred one first."""
        return self.directory / HOST_ED25519, self.directory / HOST_RSA

    @property
    def pipeline_key(self) -> Path:
        """The private key with which the pipeline signs in as the service account."""
        return self.directory / PIPELINE

    @property
    def known_hosts(self) -> Path:
        """What the pipeline pins; written when the server starts."""
        return self.directory / "known_hosts"


def ensure_keys(keys_dir: Path) -> KeyRing:
    """Make the keys that are missing and read them all. Safe to race: whoever comes second takes the first one's keys."""
    try:
        keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        ed25519 = _ensure_key(keys_dir / HOST_ED25519, "ssh-ed25519", "host key")
        rsa = _ensure_key(keys_dir / HOST_RSA, "ssh-rsa", "host key")
        pipeline = _ensure_key(keys_dir / PIPELINE, "ssh-ed25519", SERVICE_ACCOUNT)
        pipeline_line = f"{_public_line(pipeline)} {SERVICE_ACCOUNT}"
        write_whole(keys_dir / f"{PIPELINE}.pub", pipeline_line + "\n")
    except OSError as error:
        raise SettingsError(
            f"cannot keep keys in {keys_dir}: {error.strerror}. Point SUBGROUPS_HOME at a directory you can write."
        ) from error
    return KeyRing(
        directory=keys_dir,
        host_public_keys=(_public_line(ed25519), _public_line(rsa)),
        fingerprints={key.get_algorithm(): key.get_fingerprint("sha256") for key in (ed25519, rsa)},
        pipeline_public_key=pipeline_line,
    )


def host_key_pairs(keyring: KeyRing) -> list[asyncssh.SSHKeyPair]:
    """The host keys as the server offers them: RSA with SHA-2 only, and one object for each signature algorithm.

    asyncssh would offer whatever an RSA key can do, SHA-1 among it; and it notes the algorithm a client chose on the
    object, which all connections share, so that two handshakes at the same time could sign with each other's.
    """
    ed25519, rsa = keyring.host_keys
    pairs = []
    for path, algorithm in ((ed25519, b"ssh-ed25519"), (rsa, b"rsa-sha2-512"), (rsa, b"rsa-sha2-256")):
        # `ensure_keys` has just checked these keys; checking an RSA key takes a tenth of a second each time.
        (pair,) = asyncssh.load_keypairs(str(path), unsafe_skip_rsa_key_validation=True)
        pair.host_key_algorithms = (algorithm,)
        pairs.append(pair)
    return pairs


def known_hosts_lines(keyring: KeyRing, host: str, port: int) -> list[str]:
    """What a client writes into its known_hosts to pin this server, one line per key and name."""
    names = [name if port == 22 else f"[{name}]:{port}" for name in _names_of(host)]
    return [f"{name} {key}" for name in names for key in keyring.host_public_keys]


def write_known_hosts(keyring: KeyRing, host: str, port: int) -> Path:
    """Write the pipeline's known_hosts for the address the server has now, in place of what was there."""
    write_whole(keyring.known_hosts, "".join(f"{line}\n" for line in known_hosts_lines(keyring, host, port)))
    return keyring.known_hosts


def _names_of(host: str) -> list[str]:
    """Under which names the pipeline reaches a listening address: one that means "everywhere" is reached by loopback too."""
    try:
        everywhere = ip_address(host).is_unspecified
    except ValueError:
        everywhere = False
    return [host, "127.0.0.1", "::1", "localhost"] if everywhere else [host]


def _ensure_key(path: Path, algorithm: str, comment: str) -> asyncssh.SSHKey:
    if not path.exists():
        bits = {"key_size": RSA_BITS} if algorithm == "ssh-rsa" else {}
        made = asyncssh.generate_private_key(algorithm, comment=comment, **bits)
        draft = write_beside(path, made.export_private_key("openssh"))
        try:
            # A link, not a rename: it fails when another process was first, so that both go on with one and the same key.
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    path.chmod(0o600)
    try:
        return asyncssh.read_private_key(path)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise SettingsError(
            f"{path} is not a private key that can be read. Restore it from a backup; or delete it, and a new one is made at the"
            " next start (everyone who connects then sees a changed fingerprint)."
        ) from error


def _public_line(key: asyncssh.SSHKey) -> str:
    kind, data = key.export_public_key("openssh").decode().split()[:2]
    return f"{kind} {data}"
