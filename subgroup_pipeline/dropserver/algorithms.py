"""The cryptographic algorithms the server offers, pinned: what is not named here is not spoken.

asyncssh's own defaults still offer SHA-1 in places (`diffie-hellman-group14-sha1`, `hmac-sha1`), and a later release may
change them; a list of our own stays what was reviewed. Old clients of student information systems are served by RSA host
keys with SHA-2, group 16, and AES in counter mode.
"""

# Not here, though common: group exchange, for which asyncssh 2.24 hands out a 1024-bit group to whoever asks for one, and the
# NIST curves; `ssh-audit` fails a server for either. Clients in FIPS mode have group 16.
KEY_EXCHANGE = (
    "mlkem768x25519-sha256",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "diffie-hellman-group16-sha512",
)
CIPHERS = (
    "chacha20-poly1305@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
# Encrypt-then-MAC only; the AEAD ciphers above do not use one of these.
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")
# Decompression of a stranger's bytes is work and attack surface that a nightly CSV does not need.
COMPRESSION = ("none",)
