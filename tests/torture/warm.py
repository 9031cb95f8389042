"""What every night imports, so that a fork server has it ready: Dagster, dbt and GX take seconds to import.

DuckDB is left out: its allocator starts a thread on import, and only a process of one thread is safe to fork. The check
at the end keeps that so.
"""

from __future__ import annotations

import os
from pathlib import Path

import alembic.command
import dagster
import dagster_dbt
import dbt.cli.main
import great_expectations
import great_expectations.expectations.core.unexpected_rows_expectation
import paramiko
import sqlalchemy.orm
import tenacity

__all__ = ["alembic", "dagster", "dagster_dbt", "dbt", "great_expectations", "paramiko", "sqlalchemy", "tenacity"]

if len(list(Path("/proc/self/task").iterdir())) != 1:
    os.write(2, b"torture: a thread runs before the fork; nights are not safe to fork from here\n")
    os._exit(70)
