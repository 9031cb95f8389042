"""What Dagster's processes load (`workspace.yaml`). Importing it does nothing; loading it reads the environment once."""

import dagster as dg

from subgroup_pipeline.orchestration.build import build_defs
from subgroup_pipeline.settings import load_settings


@dg.definitions
def defs() -> dg.Definitions:
    """The code location of the installation that the environment names."""
    return build_defs(load_settings())
