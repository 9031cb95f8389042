"""Statements that a registry in SQLite gets, and which of them read a table that grows with the ledger from end to end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

GROWING = ("delivery", "delivery_file", "finding", "audit_event")
Statement = tuple[str, Any]


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """What any engine of this process executes meanwhile, with its parameters."""
    said: list[Statement] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        said.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def scans(engine: sa.Engine, said: list[Statement]) -> list[str]:
    """Each statement that scans a growing table, with its plan."""
    found = []
    growing = re.compile(rf"\b(from|update)\s+({'|'.join(GROWING)})\b", re.IGNORECASE)
    scanned = re.compile(rf"SCAN ({'|'.join(GROWING)})\b")
    with engine.connect() as connection:
        for statement, parameters in dict(said).items():
            if growing.search(statement):
                plan = connection.exec_driver_sql(f"explain query plan {statement}", parameters).all()
                steps = " / ".join(row[3] for row in plan)
                if scanned.search(steps):
                    found.append(f"{steps}: {statement}")
    return found
