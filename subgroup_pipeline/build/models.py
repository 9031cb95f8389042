"""Building the districts in scope: the models, then their data tests, then who keeps what is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.build.history import keep_history
from subgroup_pipeline.build.isolation import failing_districts, hold_failed, note_failed_tests
from subgroup_pipeline.build.scope import mark_built
from subgroup_pipeline.stages import stage
from subgroup_pipeline.warehouse.connection import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from subgroup_pipeline.build.dbt import DataTest, ModelRun
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class Tested:
    """What came of the data tests.

    `failing` are the tests that each district fails, of those in scope; `held` the deliveries that were held for it;
    `districts_failing` how many districts fail each test by name, also those that were not built now.
    """

    tests: Sequence[DataTest]
    failing: Mapping[str, Sequence[str]]
    held: Sequence[str]
    districts_failing: Mapping[str, int]


def scope_size(settings: Settings) -> int:
    """How many districts are in scope."""
    with open_warehouse(settings) as connection:
        (count,) = connection.execute("select count(*) from control.run_scope").fetchone() or (0,)
    return int(count)


@stage("isolate")
def hold_what_fails(registry: Registry, models: ModelRun) -> Tested:
    """Test the models that were built, keep the history of the districts that pass, and hold back those that fail.

    Raises BuildError when a test cannot run.
    """
    tests = models.test()
    with models.connection() as connection:
        failing = failing_districts(connection, {test.name: test.query for test in tests if test.failing_rows})
        keep_history(connection, registry, but=failing)
        mark_built(connection, but=failing)
        districts_failing = note_failed_tests(connection, failing)
    return Tested(tests, failing, hold_failed(registry, failing), districts_failing)
