"""How often passwords may be tried, so that none is found by trying and nobody is kept out by somebody else's tries.

Wrong tries of one account from one address are answered later and later; nothing is ever locked. An address from which an
account has signed in before has tries of its own: strangers who try, from however many addresses, take none of them. Keys are
not limited. The bound of 100 tries an hour is that of NIST SP 800-63B-4, section 3.2.2.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from subgroup_pipeline.access.rate_limits import MOST_NAMES, Rate, RateLimits, network_of

FREE_TRIES = 5
"""Wrong tries of one account from one address that are answered at once; each one after them waits twice as long."""
LONGEST_DELAY = 900.0
REMEMBERED = 86400.0
"""Seconds after which wrong tries of one account from one address are forgotten."""
FIRST_FROM_NEW_PLACES = Rate(20, 180)
"""Of one account, the first try of each address that it never signed in from: at most 40 an hour. They stand apart from the next
ones, so that a few addresses that guess leave the right password its try, wherever it comes from."""
NEXT_FROM_NEW_PLACES = Rate(15, 144)
"""Of one account, all later tries of such addresses: at most 40 an hour."""
FROM_KNOWN_PLACES = Rate(10, 360)
"""Of one account, from addresses that it signed in from before: at most 20 an hour, which makes 100 together."""
OF_ONE_ADDRESS = Rate(20, 10)
"""From one address, of all accounts that never signed in from there: 1,000 accounts are tried in three hours, once each."""

Taken = tuple[tuple[str, str], ...]
"""The buckets that a try was taken from."""


class SignInLimits:
    """Counts tries before their outcome is known; one that was right is taken back. For one event loop."""

    def __init__(self, known: Iterable[tuple[str, str]] = (), clock: Callable[[], float] = time.monotonic) -> None:
        """`known`: accounts, and addresses that they have signed in from."""
        self._clock = clock
        self._rates = RateLimits(clock)
        self._known = OrderedDict.fromkeys((account, network_of(address)) for account, address in known)
        self._wrong: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def delay(self, account: str, address: str) -> float:
        """Seconds from now after which this account may be tried from this address."""
        wrong, last = self._tries((account, network_of(address)))
        pause = min(2.0 ** (wrong - FREE_TRIES), LONGEST_DELAY) if wrong >= FREE_TRIES else 0.0
        return max(0.0, last + pause - self._clock())

    def take(self, account: str, address: str) -> Taken | None:
        """Take one try, which is wrong until `succeeded`; None when there was none to take."""
        place = network_of(address)
        pair = (account, place)
        if self.delay(account, address) > 0:
            return None
        taken = self._from_known_place(account, place) or self._from_new_place(account, place)
        if taken is not None:
            self._wrong[pair] = (self._tries(pair)[0] + 1, self._clock())
            self._wrong.move_to_end(pair)
            _forget_oldest(self._wrong)
        return taken

    def succeeded(self, account: str, address: str, taken: Taken) -> None:
        """Give back what a right try took, forget the wrong ones before it, and know the two together from now on."""
        pair = (account, network_of(address))
        for what, name in taken:
            self._rates.give_back(what, name)
        self._wrong.pop(pair, None)
        self._known[pair] = None
        self._known.move_to_end(pair)
        _forget_oldest(self._known)

    def _from_known_place(self, account: str, place: str) -> Taken | None:
        is_known = (account, place) in self._known
        return (("known place", account),) if is_known and self._rates.take("known place", account, FROM_KNOWN_PLACES) else None

    def _from_new_place(self, account: str, place: str) -> Taken | None:
        if not self._rates.take("address", place, OF_ONE_ADDRESS):
            return None
        is_first = self._tries((account, place))[0] == 0
        what, rate = ("first", FIRST_FROM_NEW_PLACES) if is_first else ("next", NEXT_FROM_NEW_PLACES)
        return (("address", place), (what, account)) if self._rates.take(what, account, rate) else None

    def _tries(self, pair: tuple[str, str]) -> tuple[int, float]:
        """How many wrong tries there were, and when the last one was."""
        wrong, last = self._wrong.get(pair, (0, 0.0))
        return (wrong, last) if self._clock() - last < REMEMBERED else (0, 0.0)


def _forget_oldest(names: OrderedDict[tuple[str, str], Any]) -> None:
    while len(names) > MOST_NAMES:
        names.popitem(last=False)
