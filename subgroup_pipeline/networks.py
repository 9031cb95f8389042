"""Which addresses we connect to when somebody else named the host: public ones, and networks that the operator allows."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated

from pydantic import AfterValidator

Network = IPv4Network | IPv6Network
LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as an IPv6-only network reaches them (RFC 6052)."""


def read_networks(text: str) -> tuple[Network, ...]:
    """Networks with commas between them, as `10.20.0.0/16, fd00::/8`. Raises ValueError for anything else."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _as_written(text: str) -> str:
    try:
        read_networks(text)
    except ValueError as error:
        raise ValueError("write networks with commas between them, for example 10.20.0.0/16, fd00::/8") from error
    return text


NetworksText = Annotated[str, AfterValidator(_as_written)]
"""A setting that names networks."""


def may_connect(address: str, allowed: tuple[Network, ...] = ()) -> bool:
    """Whether an address is on the public internet (IANA's special-purpose registries, RFC 6890), or in an allowed network.

    An IPv4 address inside an IPv6 one counts as itself, so that 10.0.0.1 is not reached as ::ffff:10.0.0.1.
    """
    meant = _meant(ip_address(address.partition("%")[0]))
    return any(meant in network for network in allowed) or (meant.is_global and not meant.is_multicast)


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
