"""Texts and names as SQL writes them, where a value cannot be bound: paths, options, comments, names of columns."""

from __future__ import annotations


def literal(value: object) -> str:
    """A value as a text in SQL: `'it''s'`."""
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name in SQL as it is spelled: `"birthDate"`."""
    return '"' + name.replace('"', '""') + '"'
