"""Which sources a district has, as its settings say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from subgroup_pipeline.intake.sources.inbox import Inbox
from subgroup_pipeline.intake.sources.sftp import SftpConnection
from subgroup_pipeline.intake.sources.sftp_server import SftpServer, server_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.intake.sources.source import Source
    from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


class Connection(Protocol):
    """What sources share."""

    def close(self) -> None:
        """End it."""


@dataclass(frozen=True)
class SharedConnection:
    """Districts with their sources that share one connection, which is opened when the first asks and has to be closed."""

    connection: Connection
    members: tuple[tuple[RegisteredDistrict, Source], ...]


def sources_of(
    registry: Registry, settings: Settings, districts: Sequence[RegisteredDistrict], zips: UnpackedZips
) -> list[SharedConnection]:
    """The sources of districts, those together that share a connection.

    Every district has an inbox, also one whose roster is fetched: its subgroup files and the files to be checked come there.
    """
    on_server: dict[SftpServer, list[RegisteredDistrict]] = {}
    for district in districts:
        on_server.setdefault(server_of(settings, district), []).append(district)
    shared: list[SharedConnection] = []
    for server, on_it in on_server.items():
        connection = SftpConnection(server)
        inboxes = ((district, Inbox(registry, settings, connection, district.settings, zips)) for district in on_it)
        shared.append(SharedConnection(connection, tuple(inboxes)))
    fetched = [district for district in districts if district.settings.roster.is_fetched]
    return shared + (_of_roster_servers(registry, settings, fetched) if fetched else [])


def _of_roster_servers(registry: Registry, settings: Settings, districts: Sequence[RegisteredDistrict]) -> list[SharedConnection]:
    """The lists of districts, those together that lie on one host."""
    # A run without such a district does not load what speaks HTTP.
    from subgroup_pipeline.intake.oneroster.server import RosterHost, host_of
    from subgroup_pipeline.intake.sources.oneroster_api import OneRosterApi
    from subgroup_pipeline.networks import read_networks

    on_host: dict[str, list[RegisteredDistrict]] = {}
    for district in districts:
        on_host.setdefault(host_of(district.settings.roster.url or ""), []).append(district)
    shared: list[SharedConnection] = []
    for name, on_it in on_host.items():
        host = RosterHost(name, read_networks(settings.roster_networks))
        lists = ((district, OneRosterApi(registry, settings, host, district.settings)) for district in on_it)
        shared.append(SharedConnection(host, tuple(lists)))
    return shared
