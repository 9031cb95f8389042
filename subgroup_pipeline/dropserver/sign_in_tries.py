"""What one connection tries to sign in with: keys and passwords, each looked up anew at every try.

An account that does not exist, or has no password, is answered exactly as one whose key or password is wrong, and as fast.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakValueDictionary

import asyncssh

from subgroup_pipeline.access.password_checker import PasswordChecker
from subgroup_pipeline.access.rate_limits import network_of
from subgroup_pipeline.dropserver.accounts import (
    Accounts,
    fingerprint,
    is_account,
    is_district_account,
    key_is_among,
    only_strong_signatures,
)  # fmt: skip
from subgroup_pipeline.dropserver.sign_in_limits import SignInLimits
from subgroup_pipeline.settings import SERVICE_ACCOUNT

MAX_TRIES = 3
"""Refused keys, or refused passwords, of one connection; then it is closed."""
LONGEST_WAIT = 2.0
"""Seconds that a try waits at most for its turn; one that would wait longer is refused unseen."""
MOST_WAITING = 16
"""Passwords that wait for each core; more are refused unseen. So nobody waits for more than a second because of others."""

_MARGIN = 0.05
"""A sleep may end a moment early by the clock of the limits."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Credentials:
    """What signs in to this server, and how often it may be tried."""

    accounts: Accounts
    pipeline_public_key: str
    limits: SignInLimits
    turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = field(default_factory=WeakValueDictionary)
    """One password at a time of one account and address, so that each is tried when the outcome of those before is known."""


@dataclass(frozen=True)
class Proof:
    """How a client proved whose account it uses: with a key, or with the password that was set at that time."""

    account: str
    key: asyncssh.SSHKey | None = None
    password_set_at: datetime | None = None

    @property
    def detail(self) -> dict[str, str]:
        """What the audit log is told."""
        return {"way": "key", "key": fingerprint(self.key)} if self.key else {"way": "password"}


class SignInTries:
    """The tries of one connection, which may name another account each time."""

    def __init__(self, credentials: Credentials, address: str) -> None:
        self.proof: Proof | None = None
        """What the latest try proved."""
        self._of = credentials
        self._address = address
        self._offers = 0
        self._refused_keys: list[str] = []
        self._passwords = self._unseen = 0

    @property
    def are_over(self) -> bool:
        """Whether enough was refused."""
        return len(self._refused_keys) >= MAX_TRIES or self._passwords >= MAX_TRIES

    @property
    def detail(self) -> dict[str, str]:
        """What was refused, for the audit log: fingerprints of keys, and how many passwords, of which some were not looked at."""
        ways = [way for way, tried in (("key", self._refused_keys), ("password", self._passwords)) if tried]
        told = {"way": " and ".join(ways) or "none", "keys": " ".join(self._refused_keys) or "none offered"}
        if self._passwords:
            told["passwords"] = str(self._passwords)
        if self._unseen:
            told["refused_unseen"] = str(self._unseen)
        return told

    async def key(self, account: str, key: asyncssh.SSHKey) -> bool:
        """Whether this key opens this account, asked anew at every login: a key authorized a second ago is good."""
        only_strong_signatures(key)
        self._offers += 1
        self.proof = None
        if await self._key_opens(account, key) and self._offers <= 2 * MAX_TRIES:
            self.proof = Proof(account, key=key)
            return True
        self._refused_keys.append(fingerprint(key))
        return False

    async def password(self, account: str, password: str) -> bool:
        """Whether this password opens this account, asked anew at every login."""
        self.proof = None
        # Counted first: a client that does not wait for an answer cancels what runs, and has tried all the same.
        self._passwords += 1
        if self._passwords > MAX_TRIES or self._of.accounts.passwords is None or account == SERVICE_ACCOUNT:
            return False
        turn = self._of.turns.setdefault((account, network_of(self._address)), asyncio.Lock())
        async with turn:
            set_at = await self._set_at(self._of.accounts.passwords, account if is_district_account(account) else "-", password)
        if set_at is not None:
            self.proof = Proof(account, password_set_at=set_at)
            self._passwords -= 1
        return set_at is not None

    async def why_no_longer(self, proof: Proof) -> str | None:
        """Why what signed somebody in would not do so now; None while it would. What a lookup raises is passed on."""
        if proof.key is not None:
            lines = await asyncio.to_thread(self._of.accounts.keys_of, proof.account)
            is_there = await asyncio.to_thread(key_is_among, proof.key, lines or [])
            return None if is_there else "the key was revoked or paused"
        passwords = self._of.accounts.passwords
        known = await asyncio.to_thread(passwords.on_record, proof.account) if passwords else None
        return None if known and known.set_at == proof.password_set_at else "the password was replaced or removed"

    async def _set_at(self, passwords: PasswordChecker, account: str, password: str) -> datetime | None:
        """When the password that was sent was set; None when it is wrong, or came when it could not be looked at."""
        delay = self._of.limits.delay(account, self._address)
        if delay > LONGEST_WAIT or passwords.waiting >= MOST_WAITING * passwords.cores:
            self._unseen += 1
            return None
        if delay:
            await asyncio.sleep(delay + _MARGIN)
        taken = self._of.limits.take(account, self._address)
        if taken is None:
            self._unseen += 1
            return None
        try:
            known = await asyncio.wrap_future(passwords.check(account, password))
        except Exception:  # noqa: BLE001 - whatever the registry raises
            _log.exception("the password of account %s could not be looked up", account)
            return None
        if known is None:
            return None
        self._of.limits.succeeded(account, self._address, taken)
        return known.set_at

    async def _key_opens(self, account: str, key: asyncssh.SSHKey) -> bool:
        lines = await self._lines(account)
        # Work of the same kind for an account that does not exist: time must not tell the two apart.
        decoy = [self._of.pipeline_public_key]
        return await asyncio.to_thread(key_is_among, key, decoy if lines is None else lines) and lines is not None

    async def _lines(self, account: str) -> Sequence[str] | None:
        if account == SERVICE_ACCOUNT:
            return [self._of.pipeline_public_key]
        if not is_account(account):
            return None
        try:
            return await asyncio.to_thread(self._of.accounts.keys_of, account)
        except Exception:  # noqa: BLE001 - whatever the caller's function raises
            # The registry may be away for a moment; a login then fails, and the server lives on.
            _log.exception("the keys of account %s could not be looked up", account)
            return None
