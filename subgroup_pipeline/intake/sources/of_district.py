"""Which source a district has, as its settings say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

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


@dataclass(frozen=True)
class SharedConnection:
    """Districts with their sources that share one connection, which is opened when the first asks and has to be closed."""

    connection: SftpConnection
    members: tuple[tuple[RegisteredDistrict, Source], ...]


def sources_of(
    registry: Registry, settings: Settings, districts: Sequence[RegisteredDistrict], zips: UnpackedZips
) -> list[SharedConnection]:
    """The sources of districts, those together that share a connection."""
    on_server: dict[SftpServer, list[RegisteredDistrict]] = {}
    for district in districts:
        source = district.settings.roster.source
        if source == "sftp":
            on_server.setdefault(server_of(settings, district), []).append(district)
        else:
            assert_never(source)
    shared: list[SharedConnection] = []
    for server, on_it in on_server.items():
        connection = SftpConnection(server)
        inboxes = ((district, Inbox(registry, settings, connection, district.settings, zips)) for district in on_it)
        shared.append(SharedConnection(connection, tuple(inboxes)))
    return shared
