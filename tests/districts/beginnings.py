"""The beginnings of made-up districts' settings, to which a test adds what it is about."""

from __future__ import annotations

HEAD = "district: alpha\nname: Alpha\ntimezone: UTC\n"
COLUMNS = HEAD + "subgroups:\n  columns:\n"
SERVER = HEAD + "server:\n  host: sis.example\n  username: u\n  host_key: ssh-ed25519 AAAA\n"
