"""What `fetch` asks of a source is enough for one that is no file server."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from sqlalchemy.orm import Session

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.intake import fetch as fetch_module
from subgroup_pipeline.intake.archive import DistrictArchive, incoming_file
from subgroup_pipeline.intake.arrival import Arrival
from subgroup_pipeline.intake.fetch import observe_sources
from subgroup_pipeline.intake.sources.of_district import SharedConnection
from subgroup_pipeline.intake.sources.sftp import SftpConnection
from subgroup_pipeline.intake.sources.sftp_server import server_of
from subgroup_pipeline.intake.sources.sight import Sight
from subgroup_pipeline.intake.sources.source import SourceError, Taken
from subgroup_pipeline.registry.ledger import Feed, UploadedFile
from tests.support import small_district as small
from tests.support.servers import World


class PagesError(SourceError):
    """The pages do not answer."""

    code = "NET001"


@dataclass
class Pages:
    """A source that writes a roster page by page into the archive, as one over HTTP would."""

    archive: DistrictArchive
    answers: bool = True
    cleared: list[Arrival] = field(default_factory=list)
    feeds: tuple[Feed, ...] = ("roster",)

    def take(self) -> Taken:
        if not self.answers:
            raise PagesError("the pages do not answer")
        files = []
        for name, text in small.roster().items():
            with incoming_file(self.archive) as incoming:
                incoming.write(text.encode())
                files.append(UploadedFile(name, incoming.sha256, incoming.size))
                incoming.keep()
        return Taken([Arrival("roster", (), tuple(files), "settled")])

    def note_taken(self, session: Session, arrival: Arrival) -> None:
        assert session.in_transaction()
        assert arrival.uploads

    def clear(self, arrival: Arrival) -> None:
        self.cleared.append(arrival)

    def observe(self) -> list[Sight]:
        return [("rosters", 0, 1)] if self.answers else []


def test_a_source_need_not_be_a_file_server(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add("beta")
    archives = {name: DistrictArchive(world.settings.paths, name) for name in ("alpha", "beta")}
    pages = {"alpha": Pages(archives["alpha"]), "beta": Pages(archives["beta"], answers=False)}
    districts = registered_districts(world.registry)

    def sources_of(*_: object) -> list[SharedConnection]:
        members = tuple((district, pages[district.district_id]) for district in districts)
        return [SharedConnection(SftpConnection(server_of(world.settings, districts[0])), members)]

    monkeypatch.setattr(fetch_module, "sources_of", sources_of)
    assert observe_sources(world.registry, world.settings, districts) == ({"alpha": [("rosters", 0, 1)]}, [])
    fetched = world.fetch()
    assert (len(fetched.new), fetched.faults) == (1, {"beta": "the pages do not answer"})
    assert [len(source.cleared) for source in pages.values()] == [1, 0]
    assert world.states() == [("received", "settled", [])]
    assert world.fetch().seen_again == 1
