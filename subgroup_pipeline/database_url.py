"""The address of a database as an operator writes it: `postgresql://user:password@host:port/name`, or SQLite's."""

from __future__ import annotations

DRIVER = "postgresql+psycopg2"
"""Of every PostgreSQL URL. Without its name SQLAlchemy 2.1 takes another driver, which dagster-postgres does not bring."""


def with_driver(text: str) -> str:
    """A database's URL with the driver's name; empty stays empty.

    Raises ValueError in words. The errors of the parser may quote the password; ours do not.
    """
    if not text:
        return text
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is not None and url.drivername == "sqlite":
        return text
    if url is None or url.drivername not in ("postgresql", DRIVER) or not url.database:
        raise ValueError("write postgresql://user:password@host:port/name, with %40 for an @ in the password, and so on")
    return url.set(drivername=DRIVER).render_as_string(hide_password=False)


def without_secrets(text: str) -> str:
    """A URL for people: neither the password nor the options, which may hold one, nor the driver's name."""
    from sqlalchemy.engine import make_url

    url = make_url(text).set(query={})
    if url.drivername == DRIVER:
        url = url.set(drivername=url.get_backend_name())
    return url.render_as_string(hide_password=True)
