"""Public keys that may sign in over SSH: reading them, and which are good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.errors import SettingsError

if TYPE_CHECKING:
    import asyncssh

SIGNATURES = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "rsa-sha2-256",
    "rsa-sha2-512",
)
MINIMUM_RSA_BITS = 2048
MAXIMUM_RSA_BITS = 16384
"""OpenSSL verifies no signature of a longer key."""


def read_public_key(line: str) -> asyncssh.SSHKey:
    """One OpenSSH public-key line, for `district authorize`. Raises SettingsError for a key the server would refuse."""
    import asyncssh

    if "PRIVATE KEY" in line:
        raise SettingsError(
            "this is a private key, which must not leave its owner. Give the public key, the file that ends in .pub;"
            " `ssh-keygen -y -f FILE` prints it."
        )
    try:
        # A comment may be in any language; what stands before it is ASCII.
        key = asyncssh.import_public_key(line.strip().encode("ascii", "replace"))
    except (asyncssh.KeyImportError, ValueError, OverflowError) as error:
        raise SettingsError(
            "this is not a public key in OpenSSH form. It is one line that starts with ssh-ed25519, ssh-rsa or ecdsa-sha2-…;"
            " `ssh-keygen -t ed25519` makes one in a file that ends in .pub."
        ) from error
    if weakness := _weakness(key):
        raise SettingsError(f"{weakness}. `ssh-keygen -t ed25519` makes a good one.")
    return key


def _weakness(key: asyncssh.SSHKey) -> str | None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    kind = key.get_algorithm()
    material = key.pyca_key
    if isinstance(material, RSAPublicKey):
        if MINIMUM_RSA_BITS <= material.key_size <= MAXIMUM_RSA_BITS:
            return None
        return f"an RSA key of {material.key_size} bits is not accepted; {MINIMUM_RSA_BITS} to {MAXIMUM_RSA_BITS} are"
    return None if kind in SIGNATURES else f"keys of type {kind} are not accepted"
