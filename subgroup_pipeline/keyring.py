"""The keys in `keys/` that kept bytes are sealed with: a master key, and for each district a key that can be destroyed.

A district's key is random, lies in `keys/districts/` and is wrapped by the master key, so a copy of either file alone opens
nothing. What is sealed names its district and its purpose as associated data (AES-256-GCM, NIST SP 800-38D): sealed bytes that
are put in another place do not open there. Keys for a purpose come from the district's by HKDF-SHA256 (RFC 5869).
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from subgroup_pipeline.disk import sync_to_disk, write_beside
from subgroup_pipeline.errors import KeyringError

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.home import Home

KEY_BYTES = 32
_NONCE = 12
INSTALLATION = "_installation"
"""Stands for the district where bytes are of all districts; no district has such a key."""
_WRAPS = b"subgroups district key\0"


class Keyring:
    """The keys of one installation. Reads them from disk at every use, so that a key that was destroyed opens nothing more."""

    def __init__(self, home: Home) -> None:
        self.folder = home.keys
        self._master = home.keys / "master_key"

    def seal(self, district_id: str, purpose: str, plain: bytes) -> bytes:
        """Seal a few bytes of a district for a purpose; a district without a key gets one."""
        key = self.derived_key(district_id, purpose)
        return _sealed(key, plain, _about(district_id, purpose))

    def unseal(self, district_id: str, purpose: str, sealed: bytes) -> bytes:
        """The bytes that `seal` sealed for this district and purpose. Raises KeyringError for others, or without the key."""
        key = self.derived_key(district_id, purpose, is_new=False)
        return _unsealed(key, sealed, _about(district_id, purpose), f"what is kept of {district_id} ({purpose})")

    def derived_key(self, district_id: str, purpose: str, salt: bytes = b"", *, is_new: bool = True) -> bytes:
        """A key of 32 bytes for one purpose of a district, and one salt; `is_new` makes the district's key where there is none.

        Raises KeyringError where there is none and none may be made, or where it cannot be unwrapped.
        """
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        own = self._district_key(district_id, is_new=is_new)
        return HKDF(SHA256(), KEY_BYTES, salt=salt or None, info=_about(district_id, purpose)).derive(own)

    def destroy(self, district_id: str) -> bool:
        """Destroy a district's key: whatever was sealed with it can be read by nobody any more. Gives whether there was one."""
        path = self._path(district_id)
        if not path.exists():
            return False
        with path.open("r+b") as file:  # a disk that writes in place keeps nothing of it
            file.write(secrets.token_bytes(path.stat().st_size))
        sync_to_disk(path)
        path.unlink()
        sync_to_disk(path.parent)
        return True

    def lend(self, other: Home, district_id: str) -> None:
        """Link the keys of a district into a throw-away home on the same disk, which is to read what is sealed here."""
        for path in (self._master, self._path(district_id)):
            target = other.keys / path.relative_to(self.folder)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError, FileNotFoundError):
                target.hardlink_to(path)

    def has_key(self, district_id: str) -> bool:
        """Whether a district has a key."""
        return self._path(district_id).exists()

    def _path(self, district_id: str) -> Path:
        return self.folder / "districts" / f"{district_id}.key"

    def _district_key(self, district_id: str, *, is_new: bool) -> bytes:
        path = self._path(district_id)
        about = _WRAPS + district_id.encode()
        if not path.exists():
            if not is_new:
                raise KeyringError(
                    f"the key of {district_id} is not in {path.parent}, so what is sealed with it cannot be read. If it was not "
                    "destroyed on purpose, bring `keys/` back from where it is kept."
                )
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_once(path, _sealed(self._master_key(), secrets.token_bytes(KEY_BYTES), about))
        return _unsealed(self._master_key(), path.read_bytes(), about, str(path))

    def _master_key(self) -> bytes:
        """The master key, made where no key of a district was wrapped yet."""
        if not self._master.exists() and any((self.folder / "districts").glob("*.key")):
            raise KeyringError(
                f"{self._master} is missing, and all districts' keys need it. Bring it back from where it is kept."
            )
        return random_key(self._master)


def random_key(path: Path) -> bytes:
    """The key of 32 random bytes in a file (mode 0600), made where there is none."""
    if not path.exists():
        make_once(path, secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()


def make_once(path: Path, content: bytes) -> None:
    """Write a file that is not there yet (mode 0600, durable). Of two processes that do so, one makes it and both read it."""
    part = write_beside(path, content)
    try:
        with suppress(FileExistsError):
            path.hardlink_to(part)
    finally:
        part.unlink()
    sync_to_disk(path.parent)


def _about(district_id: str, purpose: str) -> bytes:
    return f"{district_id}\0{purpose}".encode()


def _sealed(key: bytes, plain: bytes, about: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, about)


def _unsealed(key: bytes, sealed: bytes, about: bytes, what: str) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
    except (InvalidTag, ValueError):
        raise KeyringError(f"{what} is damaged, or was sealed with another key.") from None
