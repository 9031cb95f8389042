"""The columns of demographics.csv that can be a subgroup: settings, models and the OneRoster contract name the same ones."""

from __future__ import annotations

from subgroup_pipeline.districts.subgroup_sources import DEMOGRAPHICS, RACE_ETHNICITY
from subgroup_pipeline.warehouse.oneroster import roster_tables
from subgroup_pipeline.warehouse.rule_sql import rules

NEVER_A_SUBGROUP = {"sourcedId", "status", "dateLastModified", "birthDate"}


def test_settings_models_and_the_contract_name_the_same_columns() -> None:
    of_the_models = rules().demographic_columns("{file}", " ").split()
    assert {*of_the_models, RACE_ETHNICITY} == set(DEMOGRAPHICS)
    assert set(of_the_models) == set(roster_tables()["demographics"].landed_columns) - NEVER_A_SUBGROUP
