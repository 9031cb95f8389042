"""Checks the passwords that clients send, in threads, as many at a time as there are cores."""

from __future__ import annotations

import os
import secrets
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import sqlalchemy as sa
from argon2.exceptions import InvalidHashError, VerificationError

from subgroup_pipeline.access.passwords import HASHER, PasswordOnRecord, password_on_record
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.schema import DistrictPassword


class PasswordChecker:
    """Compares what is sent with what the registry holds at that moment. Memory: 46 MiB for each core.

    An account without a password costs the same work as one with: it is compared with the hash of a random one.
    """

    def __init__(self, registry: Registry, *, cores: int | None = None) -> None:
        self._registry = registry
        self._decoy = HASHER.hash(secrets.token_urlsafe())
        self.cores = cores or os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(self.cores, thread_name_prefix="passwords")
        self._counting = threading.Lock()
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """Checks that were asked for and have no answer yet."""
        return self._waiting

    def check(self, account: str, password: str) -> Future[PasswordOnRecord | None]:
        """The password on record when what was sent (SASLprep'd) is it; None otherwise. What the registry raises is passed on."""
        with self._counting:
            self._waiting += 1
        answer = self._threads.submit(self._check, account, password)
        answer.add_done_callback(self._answered)
        return answer

    def on_record(self, account: str) -> PasswordOnRecord | None:
        """What an account may sign in with now."""
        return password_on_record(self._registry, account)

    def close(self) -> None:
        """Forget what waits; what runs ends within a moment."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _answered(self, _answer: Future[PasswordOnRecord | None]) -> None:
        with self._counting:
            self._waiting -= 1

    def _check(self, account: str, password: str) -> PasswordOnRecord | None:
        known = password_on_record(self._registry, account)
        try:
            HASHER.verify(known.password_hash if known else self._decoy, password)
        except (VerificationError, InvalidHashError):
            return None
        if known is None:
            return None
        if HASHER.check_needs_rehash(known.password_hash):
            self._renew(account, known, password)
        return known

    def _renew(self, account: str, known: PasswordOnRecord, password: str) -> None:
        """Hash a password with today's parameters, unless it was replaced meanwhile."""
        same = sa.and_(DistrictPassword.district_id == account, DistrictPassword.password_hash == known.password_hash)
        with self._registry.begin() as session:
            session.execute(sa.update(DistrictPassword).where(same).values(password_hash=HASHER.hash(password)))
