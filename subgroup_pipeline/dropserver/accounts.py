"""Who may sign in: what an account name looks like, and whether a key is among an account's.

Where the keys come from is the caller's matter (`Accounts.keys_of`).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import asyncssh

from subgroup_pipeline.access.password_checker import PasswordChecker
from subgroup_pipeline.districts.district_file import DISTRICT_KEY
from subgroup_pipeline.districts.public_keys import SIGNATURES, read_public_key
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.settings import SERVICE_ACCOUNT


@dataclass(frozen=True)
class Accounts:
    """What signs districts in: keys by account (None: no such account) and passwords; without `passwords` keys only.

    `known_places` are accounts, and addresses that they have signed in from before.
    """

    keys_of: Callable[[str], Sequence[str] | None]
    passwords: PasswordChecker | None = None
    known_places: Iterable[tuple[str, str]] = ()


def is_district_account(name: str) -> bool:
    """Whether a name can be a district's account (the service account is none)."""
    return DISTRICT_KEY.fullmatch(name) is not None


def is_account(name: str) -> bool:
    """Whether anybody of this name could ever sign in."""
    return name == SERVICE_ACCOUNT or is_district_account(name)


def fingerprint(key: asyncssh.SSHKey) -> str:
    """SHA256 fingerprint as `ssh-keygen -l` shows it."""
    return key.get_fingerprint("sha256")


def key_is_among(key: asyncssh.SSHKey, lines: Iterable[str]) -> bool:
    """Whether one of the public-key lines is this very key. A line that cannot be read, or is too weak, matches nothing."""
    offered = key.public_data
    found = False
    for line in lines:
        try:
            known = read_public_key(line)
        except SettingsError:
            continue
        # No early way out: the time taken says nothing about which line matched.
        found |= hmac.compare_digest(known.public_data, offered)
    return found


def only_strong_signatures(key: asyncssh.SSHKey) -> None:
    """Make this key object refuse SHA-1 signatures.

    asyncssh 2.24 checks a client's signature against everything the key type can do, whatever `signature_algs` says, and for
    RSA that includes `ssh-rsa` (SHA-1).
    """
    key.all_sig_algorithms = key.all_sig_algorithms & {name.encode() for name in SIGNATURES}
