"""Who reads everything that is published is named as a reader of every mart: a new one is not forgotten."""

from __future__ import annotations

import re

import pytest
from ruamel.yaml import YAML

from subgroup_pipeline.publish.mart_tables import mart_tables
from tests.conftest import ROOT


@pytest.mark.parametrize("reader", ["analysts", "district_files"])
def test_a_reader_of_everything_reads_every_mart(reader: str) -> None:
    read = YAML(typ="safe", pure=True).load((ROOT / "dbt_project" / "models" / "exposures.yml").read_text(encoding="utf-8"))
    (depends_on,) = [exposure["depends_on"] for exposure in read["exposures"] if exposure["name"] == reader]
    named = [match[1] for one in depends_on if (match := re.fullmatch(r"ref\('(\w+)'\)", one))]
    assert sorted(named) == sorted(table.name for table in mart_tables())
