"""What a run loads before it knows whether there is anything to do."""

from __future__ import annotations

import subprocess
import sys

_LOADED = "import sys, subgroup_pipeline.orchestration.build; print(sorted({name.partition('.')[0] for name in sys.modules}))"


def test_the_code_location_loads_neither_dbt_nor_great_expectations() -> None:
    """Each takes over a second, and a night that nothing came for needs neither."""
    loaded = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True).stdout
    assert "'dagster_dbt'" in loaded
    assert not {"'dbt_common'", "'agate'", "'great_expectations'", "'pandas'"} & set(loaded.strip("[]\n").split(", "))


def test_dbt_can_be_loaded_afterwards() -> None:
    code = "import subgroup_pipeline.orchestration.build; from dbt.version import __version__; print(__version__)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
