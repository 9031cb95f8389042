"""One night over three districts, which every test here publishes again in its own way (a publish takes a tenth of a second)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import small_district as small
from tests.support.installation import Installation, installation_in, zip_of

DISTRICTS = ("alpha", "beta", "gamma")


@pytest.fixture(scope="package")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation_in(tmp_path_factory.mktemp("publish") / "home", keep_snapshots="3") as installation:
        for size, district in enumerate(DISTRICTS, start=10):
            installation.apply(small.settings(district))
            installation.drop(district, "roster", {"roster.zip": zip_of(small.roster(size))})
            installation.drop(district, "subgroups", {"subgroups.csv": small.subgroups(size)})
        installation.night()
        yield installation
