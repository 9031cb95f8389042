"""Passwords of districts: which are taken, how they are kept, and what checking one costs."""

from __future__ import annotations

import re
from contextlib import suppress
from time import process_time

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from subgroup_pipeline.access.password_checker import PasswordChecker
from subgroup_pipeline.access.passwords import (
    good_password,
    password_on_record,
    remove_password,
    set_password,
    suggested_password,
)  # fmt: skip
from subgroup_pipeline.errors import PasswordRefusedError
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.schema import AuditEvent, DistrictPassword

GOOD = [
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "the green valley has seven red barns",
    "my dog ate 14 sandwiches",
    "kettle-otter-violin-9",
    "h4yf-92kd-slq0-vn3x",
    "schüleraufzüge im märz",
    "пароль для района и мост",
    "学校の屋根の上に猫が三匹いて魚を食べた",
    "= + - @ ' \" ; ` $ % plain signs",
    "a" + "xK9#mQ2vL7pR4tZ" * 8,
]
BAD = {
    "short but g00d": "14 characters",
    "x" * 129: "129 characters",
    "aaaaaaaaaaaaaaaa": "repeats itself",
    "passwordpassword": "repeats itself",
    "Summer2024Summer2024": "repeats itself",
    "Password123456789": "most common",
    "qwertyuiopasdfgh": "most common",
    "1qaz2wsx3edc4rfv": "most common",
    "abcdefghijklmnop": "alphabet",
    "2024-09-01 2025-06-30": "date",
    "september 2024 2025": "your district",
    "JenniferSmith1985": "easily guessed|a year",
    "MapleValley2024!": "your district",
    "maple_valley_2025": "your district",
    "M4ple V4lley 2024": "your district",
    "Maple Valley Unified School District": "your district",
    "mapLEvalleyunifiedschooldistrict1": "your district",
    "subgroups2024!!": "your district",
    "sftp upload roster": "your district",
    "Monday Tuesday Wednesday": "most common",
    "a beautiful rainbow 🌈 above": "SFTP programs cannot send",
    "line one of it\nand line two": "SFTP programs cannot send",
}


def _good(text: str) -> str:
    return good_password(text, district_id="maple_valley", district_name="Maple Valley Unified School District")


@pytest.mark.parametrize("text", GOOD)
def test_a_passphrase_is_taken_as_it_is(text: str) -> None:
    assert _good(text) == text


@pytest.mark.parametrize("text", BAD)
def test_what_is_easily_guessed_is_refused_in_words(text: str) -> None:
    with pytest.raises(PasswordRefusedError) as refused:
        _good(text)
    said = str(refused.value)
    assert re.search(BAD[text], said)
    assert said.endswith(".")
    assert text not in said


@pytest.mark.parametrize(
    "text",
    ["4@8({[<369&#!1/|0$5+7%2" * 5, "7l|1($5<" * 16, "e" + "\u0301" * 60_000 + "\u0316" * 60_000],
    ids=["many signs", "few signs", "accents"],
)
def test_no_password_takes_long_to_judge(text: str) -> None:
    began = process_time()
    with suppress(PasswordRefusedError):
        good_password(text, district_id="oak_hill", district_name="Oak Hill Unified")
    assert process_time() - began < 4  # 20 s and a minute, when everything is looked at


def test_spellings_of_one_text_are_one_password() -> None:
    assert _good("e\u0301cole verte du lac nord") == _good("\u00e9cole verte du lac nord") == "\u00e9cole verte du lac nord"
    assert _good("four\u00a0plain words\u00ad walk") == "four plain words walk"


def test_suggestions_are_good_and_never_the_same() -> None:
    made = {suggested_password() for _ in range(200)}
    assert len(made) == 200
    assert all(_good(one) == one for one in list(made)[:20])
    assert all(re.fullmatch(r"[a-km-np-z2-9_]{29}", one) for one in made)


def _set(registry: Registry, password: str) -> None:
    with registry.begin() as session:
        set_password(session, "alpha", password, by="clerk@example.com")


def _audited(registry: Registry) -> list[AuditEvent]:
    with registry.begin() as session:
        query = sa.select(AuditEvent).where(AuditEvent.kind.startswith("district.password")).order_by(AuditEvent.event_id)
        return list(session.scalars(query))


def test_a_password_is_set_replaced_and_removed_each_with_an_event(registry: Registry) -> None:
    assert password_on_record(registry, "alpha") is None
    _set(registry, "the first of two passwords")
    first = password_on_record(registry, "alpha")
    assert first
    _set(registry, "the other of two passwords")
    second = password_on_record(registry, "alpha")
    assert second
    assert second.password_hash != first.password_hash
    assert (second.set_by, second.set_at > first.set_at) == ("clerk@example.com", True)
    assert remove_password(registry, "alpha", actor="staff@example.com")
    assert not remove_password(registry, "alpha", actor="staff@example.com")
    assert password_on_record(registry, "alpha") is None
    events = _audited(registry)
    assert [(e.kind, e.actor, e.district_id) for e in events] == [
        ("district.password_set", "clerk@example.com", "alpha"),
        ("district.password_set", "clerk@example.com", "alpha"),
        ("district.password_removed", "staff@example.com", "alpha"),
    ]
    assert events[1].detail == {"replaces_one_of": first.set_at.isoformat()}
    assert not any("argon2" in str(e.detail) or "passwords" in str(e.detail) for e in events)


def test_a_rolled_back_password_was_never_set(registry: Registry) -> None:
    with registry.begin() as session:
        set_password(session, "alpha", "never in force at all", by="clerk")
        session.rollback()
    assert password_on_record(registry, "alpha") is None
    assert _audited(registry) == []


def test_the_checker_knows_the_password_and_nothing_near_it(registry: Registry) -> None:
    _set(registry, "seven red barns burn")
    checker = PasswordChecker(registry, cores=1)
    try:
        right = checker.check("alpha", "seven red barns burn").result()
        assert right == checker.on_record("alpha") is not None
        for account, sent in (("alpha", "seven red barns burn "), ("alpha", ""), ("beta", "seven red barns burn"), ("x", "")):
            assert checker.check(account, sent).result() is None
        assert checker.waiting == 0
    finally:
        checker.close()


def test_a_hash_of_older_parameters_is_renewed_at_the_next_sign_in(registry: Registry) -> None:
    _set(registry, "seven red barns burn")
    before = password_on_record(registry, "alpha")
    assert before
    old = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash("seven red barns burn")
    with registry.begin() as session:
        session.get_one(DistrictPassword, "alpha").password_hash = old
    checker = PasswordChecker(registry, cores=1)
    try:
        assert checker.check("alpha", "something else entirely").result() is None
        unchanged = password_on_record(registry, "alpha")
        assert unchanged
        assert unchanged.password_hash == old
        assert checker.check("alpha", "seven red barns burn").result()
        after = password_on_record(registry, "alpha")
        assert after
        assert after.password_hash.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
        assert after.set_at == before.set_at
        assert checker.check("alpha", "seven red barns burn").result() == after
    finally:
        checker.close()
