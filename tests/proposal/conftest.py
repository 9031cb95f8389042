"""Proposals from files that a test writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from subgroup_pipeline.desk.proposal.proposal import Identity, Proposal, proposed_by
from subgroup_pipeline.districts.district_file import DistrictSettings, parse_district
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.settings import Settings, load_settings

Propose = Callable[..., Proposal]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(home=tmp_path_factory.mktemp("home"), memory_limit="1GB")


@pytest.fixture(scope="session")
def readers() -> Iterator[ReadingPool]:
    with ReadingPool(1) as pool:
        yield pool


@pytest.fixture
def proposed(settings: Settings, readers: ReadingPool, tmp_path: Path) -> Propose:
    """Propose from a text; `roster` are OneRoster files by name. It is always valid, and nothing is left behind."""

    def from_text(text: str | bytes, roster: Mapping[str, str] | None = None, name: str = "subgroups.csv") -> Proposal:
        sample = tmp_path / name
        sample.write_bytes(text.encode() if isinstance(text, str) else text)
        folder = tmp_path / "roster"
        folder.mkdir(exist_ok=True)
        for file, content in (roster or {}).items():
            (folder / file).write_text(content)
        made = proposed_by(readers, settings, sample, folder if roster else None, Identity("pine", "Pine", "America/Chicago"))
        as_applied(made)
        assert not any(settings.paths.scratch.iterdir())
        return made

    return from_text


def as_applied(made: Proposal) -> DistrictSettings:
    """The settings that `district apply` would register; fails where it would refuse the text."""
    return parse_district(made.yaml)
