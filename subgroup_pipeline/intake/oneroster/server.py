"""One OneRoster server and the requests to it: bounded, tried again where that may help, and never to another address."""

from __future__ import annotations

import re
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit
from urllib.request import getproxies

import httpx

from subgroup_pipeline.districts.roster_settings import is_loopback
from subgroup_pipeline.intake.oneroster.dialling import Dialling
from subgroup_pipeline.intake.oneroster.faults import (
    FaultyPageError,
    NoAnswerError,
    NotOfferedError,
    NotSharedError,
    OutOfTimeError,
    RosterServerError,
    SecretsError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from subgroup_pipeline.networks import Network

AT_ONCE = 16
"""Requests that one host has to answer at the same time, for all districts together; who asked first is served first."""
_TRIES = 4
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 120.0
"""Seconds before the second try, doubled for each that follows; and the longest that a server may ask us to wait."""
MOST_BYTES = 32 * 1024**2
"""Of one page."""
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that another try may mend (RFC 9110 15, RFC 6585 4)."""
_PATIENCE, _PATIENCE_TO_CONNECT = 60.0, 10.0
_GRADEBOOK = frozenset({"lineItems", "results"})


def host_of(url: str) -> str:
    """The host, with its port, that an address leads to."""
    return urlsplit(url).netloc


class RosterHost:
    """The connections to one host, shared by the districts whose rosters lie there. Opened when they are first needed.

    `networks` are those beside the public internet that may be asked; `patience` is how many seconds an answer may take.
    """

    def __init__(self, name: str, networks: tuple[Network, ...] = (), patience: float = _PATIENCE) -> None:
        self.name = name
        self._networks = networks
        self._patience = patience
        self._lock = threading.Lock()
        self._opened: httpx.Client | None = None

    @property
    def _client(self) -> httpx.Client:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> httpx.Client:
        host = urlsplit(f"//{self.name}").hostname
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
        # Where many districts ask one host, a request waits for its turn and not for the host, so waiting has no end of its own.
        timeout = httpx.Timeout(self._patience, connect=min(self._patience, _PATIENCE_TO_CONNECT), pool=None)
        # Behind a proxy the proxy dials, and its rules count.
        own_way = is_loopback(host) or "https" not in getproxies()
        transport = Dialling(host, self._networks, limits) if own_way else None
        return httpx.Client(limits=limits, timeout=timeout, transport=transport)

    def send(self, url: str, signing: httpx.Auth, headers: Mapping[str, str] | None = None) -> tuple[httpx.Response, bytes]:
        """One answer with its bytes, without another try. Raises httpx.HTTPError and RosterServerError."""
        with self._client.stream("GET", url, auth=signing, headers={"Accept": "application/json", **(headers or {})}) as response:
            body = bytearray()
            for block in response.iter_bytes():
                body += block
                if len(body) > MOST_BYTES:
                    raise FaultyPageError(
                        f"{self.name} sent a page of more than {MOST_BYTES >> 20} MiB; set a smaller `page_size`."
                    )
            return response, bytes(body)

    def close(self) -> None:
        """End the connections."""
        if self._opened is not None:
            self._opened.close()


def _root(url: str, endpoint: str) -> str:
    """Where a list is: OneRoster 1.2 has a root of its own for the gradebook (OneRoster 1.2 REST bindings, service roots)."""
    return url.replace("/rostering/v1p2", "/gradebook/v1p2") if endpoint in _GRADEBOOK else url


class RosterServer:
    """What one district may ask of its host. `until` is when its time is over, by time.monotonic(); `tries` of each request."""

    def __init__(self, host: RosterHost, url: str, signing: httpx.Auth, until: float, tries: int = _TRIES) -> None:
        self.host = host
        self._url = url
        self._signing = signing
        self._until = until
        self._tries = tries

    def get(self, endpoint: str, parameters: Mapping[str, str] | None = None) -> tuple[httpx.Response, bytes]:
        """The answer of an endpoint, after bounded tries. Raises RosterServerError."""
        url = f"{_root(self._url, endpoint)}/{endpoint}"
        if parameters:
            # Encoded as RFC 5849 3.6 encodes, so that what is signed is what is sent.
            url += "?" + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters.items())
        fault: RosterServerError
        for number in range(self._tries):
            wait = min(_FIRST_WAIT * 2**number, _LONGEST_WAIT)
            if time.monotonic() > self._until:
                raise OutOfTimeError(
                    f"{self.host.name} did not give the whole roster in the time that a district has in a night."
                )
            try:
                response, body = self.host.send(url, self._signing)
            except httpx.HTTPError as error:
                fault = NoAnswerError(f"{self.host.name} did not answer for {endpoint} ({type(error).__name__}).")
            except NoAnswerError as error:
                fault = error
            else:
                if response.is_success:
                    return response, body
                fault = self._fault(endpoint, response)
                if response.status_code not in _AGAIN:
                    raise fault
                wait = max(wait, _asked_wait(response))
            if number + 1 < self._tries:
                time.sleep(min(wait, _LONGEST_WAIT, max(self._until - time.monotonic(), 0)))
        raise fault

    def _fault(self, endpoint: str, response: httpx.Response) -> RosterServerError:
        status = response.status_code
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            kind = NotSharedError if status == httpx.codes.FORBIDDEN else SecretsError
            return kind(f"{self.host.name} refused our sign-in for {endpoint}: it answered {status}.")
        if status == httpx.codes.NOT_FOUND:
            return NotOfferedError(f"{self.host.name} has no {endpoint} (it answered 404).")
        if response.has_redirect_location:
            return FaultyPageError(
                f"{self.host.name} sends us elsewhere for {endpoint} ({status}); set `url` to where it is now."
            )
        return FaultyPageError(f"{self.host.name} answered {status} for {endpoint}.")


def _asked_wait(response: httpx.Response) -> float:
    """Seconds that the server asks us to wait (RFC 9110 10.2.3): a number, or a date."""
    said = str(response.headers.get("Retry-After", "")).strip()
    if re.fullmatch(r"[0-9]{1,6}", said):
        return float(said)
    with suppress(ValueError, TypeError):
        until: datetime = parsedate_to_datetime(said)
        return max((until - datetime.now(UTC)).total_seconds(), 0.0)
    return 0.0
