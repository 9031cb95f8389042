"""The asset brings the mirror after the snapshot; a mirror that fails is told by its check and ends no run."""

from __future__ import annotations

import dagster as dg
import pytest

from subgroup_pipeline.orchestration.build import build_defs
from subgroup_pipeline.orchestration.mirror_asset import postgres_mirror
from subgroup_pipeline.orchestration.resources import resources
from subgroup_pipeline.settings import Settings, load_settings
from tests.mirror.conftest import OF_ALDER, OF_BIRCH, Mirror
from tests.support.home import Home

pytestmark = pytest.mark.needs_postgres


def _run(settings: Settings) -> tuple[dict[str, object], dg.AssetCheckEvaluation]:
    """The asset's metadata and its check, after a run of it alone; the run must succeed."""
    result = dg.materialize([postgres_mirror], resources=resources(settings))
    assert result.success
    (made,) = result.asset_materializations_for_node("postgres_mirror")
    (check,) = result.get_asset_check_evaluations()
    return {name: value.value for name, value in made.metadata.items()}, check


def test_it_says_what_it_brought(mirror: Mirror) -> None:
    facts, check = _run(mirror.settings)
    assert check.passed
    assert (facts["changed_districts"], facts["is_current"]) == (2, True)
    assert mirror.ask("select sum(student_count) from marts.dim_district") == [(OF_ALDER.students + OF_BIRCH.students,)]
    facts, check = _run(mirror.settings)
    assert check.passed
    assert (facts["changed_districts"], facts["dagster/row_count"]) == (0, 0)


def test_a_mirror_that_fails_ends_no_run(published: Home) -> None:
    facts, check = _run(load_settings(home=published.settings.home, mirror_url="postgresql://nobody@127.0.0.1:1/none"))
    assert facts == {"is_current": False}
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.ERROR
    assert not check.blocking
    assert "subgroups mirror sync" in str(check.metadata["why"].value)


def test_only_an_installation_with_a_mirror_has_it(mirror: Mirror, published: Home) -> None:
    key = dg.AssetKey("postgres_mirror")
    assert key in build_defs(mirror.settings).resolve_all_asset_keys()
    assert key not in build_defs(published.settings).resolve_all_asset_keys()
