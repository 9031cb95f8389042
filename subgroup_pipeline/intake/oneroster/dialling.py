"""The way to a roster server: a name is resolved once, its addresses are looked at, and one that may be asked is dialled.

A district may name the server that we ask, so what is inside our own network is refused: where that is checked before and
resolved again for the connection, a name could lead elsewhere the second time (OWASP ASVS 5.0, 13.2.4 and 13.2.5).
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import httpx

from subgroup_pipeline.districts.roster_settings import is_loopback
from subgroup_pipeline.intake.oneroster.faults import RefusedAddressError
from subgroup_pipeline.networks import LOOPBACK, may_connect

if TYPE_CHECKING:
    from subgroup_pipeline.networks import Network


class Dialling(httpx.HTTPTransport):
    """Connects to public addresses and to networks that the operator allows; to this machine where settings name it so."""

    def __init__(self, host: str | None, networks: tuple[Network, ...], limits: httpx.Limits) -> None:
        super().__init__(limits=limits)
        self._networks = (*networks, *LOOPBACK) if is_loopback(host) else networks

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first address of its host that answers. Raises RefusedAddressError and httpx.ConnectError."""
        name = request.url.host
        *first, last = self._addresses(name, request.url.port or {"http": 80}.get(request.url.scheme, 443), request)
        for address in first:
            try:
                return super().handle_request(_to(request, address, name))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return super().handle_request(_to(request, last, name))

    def _addresses(self, name: str, port: int, request: httpx.Request) -> list[str]:
        try:
            found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpx.ConnectError("the name was not found", request=request) from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if not all(may_connect(address, self._networks) for address in addresses):
            raise RefusedAddressError(
                f"{name} is an address inside a private network, and rosters are fetched from the public internet only. Where "
                "that is meant, our staff allow its network in SUBGROUPS_ROSTER_NETWORKS."
            )
        return addresses


def _to(request: httpx.Request, address: str, name: str) -> httpx.Request:
    """The request for one address. Its Host header, and the name that the certificate has to be for, stay what they were."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": name},
    )
