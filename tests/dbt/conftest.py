"""One warehouse a test module; dbt runs in process, about three seconds a run."""

from __future__ import annotations

import pytest

from tests.support.dbt_warehouse import Warehouse


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return Warehouse(tmp_path_factory.mktemp("home"))
