"""dbt's own unit tests, which need the tables of a whole project to read columns from."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from tests.support.dbt_warehouse import Warehouse


@pytest.mark.slow
def test_the_unit_tests_of_the_models_hold(warehouse: Warehouse) -> None:
    written = [
        test["name"]
        for path in (ROOT / "dbt_project" / "models").rglob("*.yml")
        for test in (YAML(typ="safe").load(path) or {}).get("unit_tests", [])
    ]
    warehouse.write(lambda _: None)
    assert warehouse.dbt("run", "--empty").success
    results = warehouse.dbt("test", "--select", "test_type:unit").result.results
    assert sorted(result.node.name for result in results) == sorted(written)
    assert {result.node.name: result.message for result in results if str(result.status) != "pass"} == {}
