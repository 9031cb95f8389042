"""A file that is sealed as it is written: AES-256-GCM over chunks, so that no file is ever whole in memory.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015), as age and Tink have it: after a magic and 32 random
bytes come chunks, each with a nonce of its number and of whether it is the last. So a chunk that was changed, moved, left out or
added does not open, and neither does a cut file. Every file has a key of its own, from its district's key and those bytes.
"""

from __future__ import annotations

import secrets
from typing import IO, TYPE_CHECKING

from subgroup_pipeline.errors import KeyringError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from subgroup_pipeline.keyring import Keyring

MAGIC, REDACTED = b"sgsealed1\n", b"sgredact1\n"
"""How a sealed file begins; the second where rows were taken out, so that its bytes are not those that its name says."""
CHUNK = 256 * 1024
"""Plain bytes of a chunk; the last one may have fewer."""
_SALT, _TAG = 32, 16
_PURPOSE = "archive"


class SealingWriter:
    """Writes plain bytes into an open file, sealed for a district.

    `in_place_of` is the name of the file whose bytes, without some rows, these are; they open under this name alone.
    """

    def __init__(self, file: IO[bytes], keyring: Keyring, district_id: str, *, in_place_of: str = "") -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt = secrets.token_bytes(_SALT)
        self._aead = AESGCM(keyring.derived_key(district_id, _PURPOSE, salt))
        self._file = file
        self._waiting = bytearray()
        self._number = 0
        magic = REDACTED if in_place_of else MAGIC
        self._about = magic + in_place_of.encode()
        file.write(magic + salt)

    def write(self, plain: bytes) -> None:
        """Take the next bytes."""
        self._waiting += plain
        while len(self._waiting) > CHUNK:  # the last chunk is known by the end alone, so a full one waits
            self._put(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]

    def finish(self) -> None:
        """Write what waits as the last chunk."""
        self._put(bytes(self._waiting), is_last=True)

    def _put(self, chunk: bytes, *, is_last: bool) -> None:
        self._file.write(self._aead.encrypt(_nonce(self._number, is_last=is_last), chunk, self._about))
        self._number += 1


def plain_chunks(path: Path, keyring: Keyring, district_id: str) -> Iterator[bytes]:
    """The plain bytes of a sealed file, chunk by chunk. Raises KeyringError at the first that is not as it was sealed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    with path.open("rb") as file:
        magic = file.read(len(MAGIC))
        about = magic + path.name.encode() if magic == REDACTED else magic
        if magic not in (MAGIC, REDACTED):
            raise KeyringError(f"{path.name} is not sealed, or its beginning is damaged.")
        aead = AESGCM(keyring.derived_key(district_id, _PURPOSE, file.read(_SALT), is_new=False))
        number, block = 0, file.read(CHUNK + _TAG)
        is_last = False
        while not is_last:
            after = file.read(CHUNK + _TAG)
            is_last = not after
            try:
                yield aead.decrypt(_nonce(number, is_last=is_last), block, about)
            except (InvalidTag, ValueError):
                raise KeyringError(f"{path.name} is damaged, or was sealed with another key.") from None
            number, block = number + 1, after


def is_redacted(path: Path) -> bool:
    """Whether rows were taken out of a sealed file."""
    with path.open("rb") as file:
        return file.read(len(REDACTED)) == REDACTED


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])
