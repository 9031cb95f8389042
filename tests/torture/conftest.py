"""One bench for all torture tests: homes are made once a scenario."""

from __future__ import annotations

import pytest

from tests.torture.homes import Bench


@pytest.fixture(scope="package")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("torture"))
