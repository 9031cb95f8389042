"""How often something may be tried: a bucket of tries per name, which fills again with time. It is kept in this process."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST_NAMES = 50_000
"""Names that are remembered; beyond that the one unseen for longest is forgotten, so that strangers cannot fill the memory."""


@dataclass(frozen=True)
class Rate:
    """So many tries at once, and one more each `seconds`."""

    tries: int
    seconds: float


class RateLimits:
    """Buckets by name. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, what: str, name: str, rate: Rate) -> bool:
        """Take one try of `what` for a name (an address, a link); gives whether there was one."""
        now = self._clock()
        with self._lock:
            left, at = self._buckets.pop((what, name), (float(rate.tries), now))
            left = min(float(rate.tries), left + (now - at) / rate.seconds)
            is_allowed = left >= 1
            self._buckets[what, name] = (left - 1 if is_allowed else left, now)
            while len(self._buckets) > MOST_NAMES:
                self._buckets.popitem(last=False)
        return is_allowed

    def give_back(self, what: str, name: str) -> None:
        """Give back a try that was taken, because it was none that counts."""
        with self._lock:
            if found := self._buckets.get((what, name)):
                self._buckets[what, name] = (found[0] + 1, found[1])


def network_of(address: str) -> str:
    """What counts as one address: all of IPv4, and of IPv6 the network, for a host has as many addresses there as it likes."""
    try:
        read = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(read, ipaddress.IPv4Address):
        return str(read)
    return str(read.ipv4_mapped or ipaddress.ip_network((read, 64), strict=False))
