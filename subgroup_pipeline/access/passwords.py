"""The passwords of districts for the SFTP server: which are good enough, setting and removing them, and looking one up.

The registry keeps argon2id hashes only. The rules are NIST's (SP 800-63B-4, section 3.1.1.2): at least 15 characters where a
password is the only factor, any character, no rules of composition, nothing that is common or about the account.
"""

from __future__ import annotations

import re
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.low_level import Type

from subgroup_pipeline.errors import PasswordRefusedError
from subgroup_pipeline.registry.database import Registry, record_event
from subgroup_pipeline.registry.schema import DistrictPassword

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

HASHER = PasswordHasher(time_cost=1, memory_cost=47104, parallelism=1, type=Type.ID)
"""argon2id with 46 MiB and one pass, the first of the equal choices in OWASP's Password Storage Cheat Sheet."""
SHORTEST = 15
LONGEST = 128
_MOST_TYPED = 1024
"""Characters that are looked at at all: normalising 200,000 accents takes a minute, in which nobody else is answered."""
LEAST_GUESSES = 1e12
"""Guesses that zxcvbn must expect. Four plain words need 1e14, a name or a season with a year and signs less than 1e11."""

_MOST_SIGNS, _ENOUGH = 6, 24
"""A password with more kinds of signs that stand for letters (`4`, `@`, `$`) has to be good by its first so many characters."""

_OUR_WORDS = (
    "subgroups", "subgroup", "pipeline", "district", "districts", "school", "schools", "unified", "county", "public", "roster",
    "rosters", "upload", "sftp", "oneroster", "winter", "spring", "summer", "autumn", "fall", "january", "february", "march",
    "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
"""What somebody who guesses at a district's password would begin with, besides the district's own names."""
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 characters that are told apart in any typeface: no l and 1, no o and 0."""
_WHY = {
    "repeat": "This password repeats itself, so it is as easily guessed as its part.",
    "user_inputs": "This password is made of names and words that everybody connects with your district.",
    "passwords": "This password is made of some of the most common ones.",
    "date": "This password is little more than a date.",
    "regex": "This password is little more than a year.",
    "sequence": "This password follows the alphabet or the digits.",
    "spatial": "This password follows the keyboard.",
}
"""What zxcvbn found, in one sentence; the first that applies is said."""
_estimating = threading.Lock()
"""zxcvbn keeps the words it is given in a dictionary of its module, where two threads would mix them up."""


@dataclass(frozen=True)
class PasswordOnRecord:
    """A district's password as the registry keeps it. A hash that is renewed with other parameters keeps its `set_at`."""

    password_hash: str
    set_at: datetime
    set_by: str


def good_password(text: str, *, district_id: str, district_name: str) -> str:
    """The password in the form in which it is hashed (SASLprep, RFC 4013, as the SFTP server prepares what a client sends).

    Raises PasswordRefusedError, which says in words for a clerk what to change.
    """
    prepared = prepare_password(text)
    if len(prepared) < SHORTEST:
        raise PasswordRefusedError(
            f"This password has {len(prepared)} characters, and it needs at least {SHORTEST}."
            " Four or five words that do not belong together make a good one."
        )
    if len(prepared) > LONGEST:
        raise PasswordRefusedError(f"This password has {len(prepared)} characters; {LONGEST} are the most.")
    if why := _too_easy(prepared, _words(district_id, district_name)):
        raise PasswordRefusedError(
            f"{why} Choose something that nobody who knows you would try, for example four or five words that do not belong"
            " together."
        )
    return prepared


def prepare_password(text: str) -> str:
    """Normalise a password as SSH does.

    Raises PasswordRefusedError for a character that cannot be sent over SSH, and for far more characters than we take.
    """
    from asyncssh.saslprep import SASLPrepError, saslprep

    if len(text) > _MOST_TYPED:
        raise PasswordRefusedError(f"This password has {len(text):,} characters; {LONGEST} are the most.")
    try:
        return saslprep(text)
    except SASLPrepError:
        pass
    unsendable = sorted({character for character in text if not _can_be_sent(character)})
    shown = " ".join(repr(character) for character in unsendable[:5]) or "letters of two writing directions"
    raise PasswordRefusedError(
        f"This password holds {shown}, which SFTP programs cannot send. Leave that out; letters of any language, digits, spaces"
        " and signs are welcome."
    )


def suggested_password() -> str:
    """A password that nobody can guess: 29 characters with 125 random bits. Its signs let a double click take all of it."""
    return "_".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(5))


def set_password(session: Session, district_id: str, good: str, *, by: str) -> None:
    """Give a district a password in place of the one before, within the caller's transaction.

    `good` comes from `good_password`. It is in force as soon as the transaction is committed.
    """
    row = session.get(DistrictPassword, district_id)
    before = {"replaces_one_of": row.set_at.isoformat()} if row else {}
    if row is None:
        row = DistrictPassword(district_id=district_id)
        session.add(row)
    row.password_hash, row.set_at, row.set_by = HASHER.hash(good), datetime.now(UTC), by
    record_event(session, "district.password_set", actor=by, district_id=district_id, detail=before)


def remove_password(registry: Registry, district_id: str, *, actor: str) -> bool:
    """Let nobody sign in as a district by password any more; gives whether it had one."""
    with registry.begin() as session:
        row = session.get(DistrictPassword, district_id)
        if row is None:
            return False
        detail = {"was_set_at": row.set_at.isoformat()}
        session.delete(row)
        record_event(session, "district.password_removed", actor=actor, district_id=district_id, detail=detail)
        return True


def password_on_record(registry: Registry, account: str) -> PasswordOnRecord | None:
    """The password that an account may sign in with now; None when it has none, or when there is no such account."""
    with registry.begin() as session:
        row = session.get(DistrictPassword, account)
        return PasswordOnRecord(row.password_hash, row.set_at, row.set_by) if row else None


def passwords_on_record(registry: Registry) -> dict[str, PasswordOnRecord]:
    """The passwords of all districts that have one."""
    with registry.begin() as session:
        rows = session.scalars(sa.select(DistrictPassword))
        return {row.district_id: PasswordOnRecord(row.password_hash, row.set_at, row.set_by) for row in rows}


def _can_be_sent(character: str) -> bool:
    from asyncssh.saslprep import SASLPrepError, saslprep

    try:
        saslprep(character)
    except SASLPrepError:
        return False
    return True


def _words(district_id: str, district_name: str) -> list[str]:
    """The names of a district in the ways in which they are written, and their words."""
    words: list[str] = []
    for name in (district_id, district_name):
        parts = name.lower().replace("_", " ").replace("-", " ").split()
        words += [name.lower(), " ".join(parts), "".join(parts), "".join(part[0] for part in parts), *parts]
    return [word for word in dict.fromkeys((*words, *_OUR_WORDS)) if len(word) >= 3]


def _too_easy(password: str, words: list[str]) -> str | None:
    """Why a password is too easily guessed, in one sentence."""
    from zxcvbn import zxcvbn
    from zxcvbn.matching import L33T_TABLE

    # zxcvbn reads signs as letters in every combination: 128 characters with all of these signs would take it 20 s.
    if len(set(password) & set(chain.from_iterable(L33T_TABLE.values()))) > _MOST_SIGNS:
        password = password[:_ENOUGH]
    # Without what separates words too: zxcvbn takes every space for a character that has to be guessed.
    spellings = {password, re.sub(r"[ _-]+", "", password)}
    with _estimating:
        found = min((zxcvbn(one, user_inputs=words, max_length=LONGEST) for one in spellings), key=lambda r: r["guesses"])
    if found["guesses"] >= LEAST_GUESSES:
        return None
    # A match names its pattern, and a word the list that it stands in.
    seen = {match["pattern"] for match in found["sequence"]} | {match.get("dictionary_name") for match in found["sequence"]}
    return next((sentence for trait, sentence in _WHY.items() if trait in seen), "This password is easily guessed.")
