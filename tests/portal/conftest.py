"""What several files of tests of the portal start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.portal.shown_district import Shown, shown_districts


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[Shown]:
    with shown_districts(tmp_path_factory.mktemp("district") / "home", template) as shown:
        yield shown
