"""How often passwords may be tried: later and later, never locked, and nobody's tries are taken by somebody else."""

from __future__ import annotations

import pytest

from subgroup_pipeline.access.rate_limits import network_of
from subgroup_pipeline.dropserver.sign_in_limits import FREE_TRIES, LONGEST_DELAY, SignInLimits

HOUR = 3600


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _wrong_tries(limits: SignInLimits, clock: Clock, account: str, addresses: list[str], seconds: int) -> int:
    """How many passwords are looked at when somebody tries every ten seconds from each address."""
    taken, end = 0, clock.now + seconds
    while clock.now < end:
        taken += sum(limits.take(account, address) is not None for address in addresses)
        clock.now += 10
    return taken


def test_each_wrong_try_after_the_first_ones_waits_twice_as_long(clock: Clock) -> None:
    limits = SignInLimits(clock=clock)
    waits = []
    for _ in range(FREE_TRIES + 12):
        waits.append(limits.delay("alpha", "192.0.2.1"))
        clock.now += waits[-1]
        assert limits.take("alpha", "192.0.2.1")
    assert waits[: FREE_TRIES + 4] == [0.0] * FREE_TRIES + [1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == LONGEST_DELAY


def test_a_right_password_takes_its_tries_back(clock: Clock) -> None:
    limits = SignInLimits(clock=clock)
    for _ in range(FREE_TRIES):
        assert limits.take("alpha", "192.0.2.1")
    clock.now += 1
    for _ in range(1000):
        taken = limits.take("alpha", "192.0.2.1")
        assert taken
        limits.succeeded("alpha", "192.0.2.1", taken)
        assert limits.delay("alpha", "192.0.2.1") == 0


@pytest.mark.parametrize("addresses", [1, 3, 100])
def test_at_most_a_hundred_wrong_tries_an_hour_whoever_tries(clock: Clock, addresses: int) -> None:
    """From addresses that the account is known at, and from others, together; in the first hour, which is the best one."""
    strangers = [f"198.51.{n // 250}.{n % 250}" for n in range(addresses)]
    own = [f"192.0.2.{n}" for n in range(min(addresses, 20))]
    limits = SignInLimits([("alpha", address) for address in own], clock)
    assert _wrong_tries(limits, clock, "alpha", strangers + own, HOUR) <= 100


def test_strangers_take_nothing_from_where_a_district_signs_in(clock: Clock) -> None:
    limits = SignInLimits([("alpha", "192.0.2.1")], clock)
    _wrong_tries(limits, clock, "alpha", [f"198.51.100.{n}" for n in range(200)], 600)
    assert not limits.take("alpha", "203.0.113.9")
    assert limits.delay("alpha", "192.0.2.1") == 0
    assert limits.take("alpha", "192.0.2.1")


def test_one_address_that_tries_one_account_leaves_the_others_their_tries(clock: Clock) -> None:
    limits = SignInLimits(clock=clock)
    assert _wrong_tries(limits, clock, "alpha", ["198.51.100.1"], HOUR) < 25
    assert limits.take("alpha", "203.0.113.9")
    assert limits.take("beta", "203.0.113.9")


def test_a_few_addresses_that_guess_leave_a_new_one_its_try(clock: Clock) -> None:
    limits = SignInLimits(clock=clock)
    _wrong_tries(limits, clock, "alpha", [f"198.51.100.{n}" for n in range(15)], HOUR)
    assert limits.take("alpha", "203.0.113.9")


def test_wrong_tries_are_forgotten_after_a_day(clock: Clock) -> None:
    limits = SignInLimits(clock=clock)
    _wrong_tries(limits, clock, "alpha", ["198.51.100.1"], HOUR)
    assert limits.delay("alpha", "198.51.100.1") > 60
    clock.now += 24 * HOUR
    assert [limits.take("alpha", "198.51.100.1") is not None for _ in range(FREE_TRIES + 1)] == [True] * FREE_TRIES + [False]


def test_a_thousand_accounts_from_one_address_are_mostly_unseen(clock: Clock) -> None:
    limits = SignInLimits([("known_here", "198.51.100.1")], clock)
    assert sum(limits.take(f"district_{n}", "198.51.100.1") is not None for n in range(1000)) == 20
    assert limits.take("known_here", "198.51.100.1")
    assert limits.take("district_7", "203.0.113.9")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network
