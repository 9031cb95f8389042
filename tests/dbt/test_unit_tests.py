"""dbt's own unit tests, which need the tables of a whole project to read columns from."""

from __future__ import annotations

import pytest

from tests.support.dbt_warehouse import Warehouse


@pytest.mark.slow
def test_the_unit_tests_of_the_models_hold(warehouse: Warehouse) -> None:
    warehouse.write(lambda _: None)
    assert warehouse.dbt("run", "--empty").success
    results = warehouse.dbt("test", "--select", "test_type:unit").result.results
    failed = {result.node.name: result.message for result in results if str(result.status) != "pass"}
    assert len(results) > 15
    assert failed == {}
