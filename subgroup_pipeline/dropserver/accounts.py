"""Who may sign in: what an account name looks like, which public keys are good enough, and whether a key is among an account's.

Where the keys come from is the caller's matter (`DropServer(keys_of=…)`).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable

import asyncssh
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from subgroup_pipeline.dropserver.algorithms import MINIMUM_RSA_BITS, SIGNATURES
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.settings import SERVICE_ACCOUNT

DISTRICT_NAME = re.compile(r"[a-z0-9][a-z0-9_]{1,40}")


def is_district_account(name: str) -> bool:
    """Whether a name can be a district's account (the service account is none)."""
    return DISTRICT_NAME.fullmatch(name) is not None


def is_account(name: str) -> bool:
    """Whether anybody of this name could ever sign in."""
    return name == SERVICE_ACCOUNT or is_district_account(name)


def fingerprint(key: asyncssh.SSHKey) -> str:
    """SHA256 fingerprint as `ssh-keygen -l` shows it."""
    return key.get_fingerprint("sha256")


def read_public_key(line: str) -> asyncssh.SSHKey:
    """One OpenSSH public-key line, for `district authorize`. Raises SettingsError for a key the server would refuse."""
    try:
        key = asyncssh.import_public_key(line.strip())
    except (asyncssh.KeyImportError, ValueError) as error:
        raise SettingsError(
            "this is not a public key in OpenSSH form. It is one line that starts with ssh-ed25519, ssh-rsa or ecdsa-sha2-…;"
            " `ssh-keygen -t ed25519` makes one in a file that ends in .pub."
        ) from error
    if weakness := _weakness(key):
        raise SettingsError(f"{weakness}. `ssh-keygen -t ed25519` makes a good one.")
    return key


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


def _weakness(key: asyncssh.SSHKey) -> str | None:
    kind = key.get_algorithm()
    material = key.pyca_key
    if isinstance(material, RSAPublicKey):
        short = material.key_size < MINIMUM_RSA_BITS
        return f"an RSA key of {material.key_size} bits is too short; {MINIMUM_RSA_BITS} is the least" if short else None
    return None if kind in SIGNATURES else f"keys of type {kind} are not accepted"
