"""The keys in `keys/`: what is sealed opens for its district and purpose alone, and for nobody once the key is destroyed."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from subgroup_pipeline.errors import KeyringError
from subgroup_pipeline.home import Home
from subgroup_pipeline.keyring import Keyring

SECRET = b"a client secret"


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    home = Home(tmp_path)
    home.make()
    return Keyring(home)


def _files(keyring: Keyring) -> list[Path]:
    return [path for path in keyring.folder.rglob("*") if path.is_file()]


def test_what_is_sealed_opens_again_and_shows_nothing(keyring: Keyring) -> None:
    sealed = keyring.seal("pine", "rest", SECRET)
    assert SECRET not in sealed
    assert keyring.unseal("pine", "rest", sealed) == SECRET
    assert keyring.seal("pine", "rest", SECRET) != sealed, "two seals of the same bytes do not tell that they are the same"


def test_it_opens_for_its_district_and_purpose_only(keyring: Keyring) -> None:
    sealed = keyring.seal("pine", "rest", SECRET)
    keyring.seal("oak", "rest", SECRET)
    for district, purpose in (("oak", "rest"), ("pine", "archive")):
        with pytest.raises(KeyringError, match="damaged, or was sealed with another key"):
            keyring.unseal(district, purpose, sealed)


@pytest.mark.parametrize("place", [0, 12, -1])
def test_a_changed_byte_is_noticed(keyring: Keyring, place: int) -> None:
    sealed = bytearray(keyring.seal("pine", "rest", SECRET))
    sealed[place] ^= 1
    with pytest.raises(KeyringError, match="damaged"):
        keyring.unseal("pine", "rest", bytes(sealed))


def test_a_destroyed_key_opens_nothing_and_the_next_one_is_another(keyring: Keyring) -> None:
    sealed, of_oak = keyring.seal("pine", "rest", SECRET), keyring.seal("oak", "rest", SECRET)
    assert keyring.destroy("pine")
    assert not keyring.destroy("pine")
    assert not keyring.has_key("pine")
    with pytest.raises(KeyringError, match="the key of pine is not in"):
        keyring.unseal("pine", "rest", sealed)
    keyring.seal("pine", "rest", SECRET)
    with pytest.raises(KeyringError, match="sealed with another key"):
        keyring.unseal("pine", "rest", sealed)
    assert keyring.unseal("oak", "rest", of_oak) == SECRET


def test_a_lost_master_key_is_not_made_anew_over_keys_that_it_wraps(keyring: Keyring) -> None:
    sealed = keyring.seal("pine", "rest", SECRET)
    (keyring.folder / "master_key").unlink()
    with pytest.raises(KeyringError, match="master_key is missing"):
        keyring.unseal("pine", "rest", sealed)
    for district in ("pine", "oak"):
        with pytest.raises(KeyringError, match="master_key is missing"):
            keyring.seal(district, "rest", SECRET)


def test_keys_are_for_the_owner_only_and_one_of_two_makers_wins(keyring: Keyring) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = {key.hex() for key in threads.map(lambda _: keyring.derived_key("pine", "archive"), range(16))}
    assert len(made) == 1
    assert {path.name for path in _files(keyring)} == {"master_key", "pine.key"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in _files(keyring)} == {0o600}
    assert stat.S_IMODE((keyring.folder / "districts").stat().st_mode) == 0o700
    assert keyring.derived_key("pine", "archive", b"one salt") not in {keyring.derived_key("pine", "archive"), *made}
