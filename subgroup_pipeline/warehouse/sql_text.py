"""Texts and names as SQL writes them, where a value cannot be bound: paths, options, comments, names of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def literal(value: object) -> str:
    """A value as a text in SQL: `'it''s'`."""
    return "'" + str(value).replace("'", "''") + "'"


def literals(values: Iterable[object]) -> str:
    """Values as a list of texts in SQL: `cast(['it''s'] as varchar[])`; an empty one has its type too."""
    return f"cast([{', '.join(map(literal, values))}] as varchar[])"


def identifier(name: str) -> str:
    """A name in SQL as it is spelled: `"birthDate"`."""
    return '"' + name.replace('"', '""') + '"'
