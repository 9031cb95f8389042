"""What we use of dagster-dbt, imported without dbt: a run that builds nothing needs no dbt, whose import takes over a second.

dagster-dbt imports dbt to know its words for kinds and states, and has the same words of its own where dbt is not installed.
"""

from __future__ import annotations

import sys

_DBT = "dbt.version"
_there = sys.modules.get(_DBT)
# Python's own way to say that a module cannot be imported.
sys.modules[_DBT] = None  # type: ignore[assignment]
try:
    from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject
finally:
    del sys.modules[_DBT]
    if _there is not None:
        sys.modules[_DBT] = _there

__all__ = ["DagsterDbtTranslator", "DagsterDbtTranslatorSettings", "DbtProject"]
