"""The mirror's database: connecting to it, and what went wrong there in words without a value of a row."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from subgroup_pipeline.errors import MirrorError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine.interfaces import DBAPICursor

    from subgroup_pipeline.settings import Settings

_OPTIONS = {
    "connect_timeout": 10,
    "application_name": "subgroups mirror",
    # A server that is gone in the middle must not hold a night up for hours: libpq gives up after a minute without an answer.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_WAIT_FOR_LOCK = "30s"
_IS_REGISTRY = "select count(*) = 2 from pg_tables where schemaname = 'public' and tablename in ('audit_event', 'delivery_file')"
_TELLS_VALUES = ("22", "23")
"""Classes of errors whose messages quote data (PostgreSQL, Appendix A: data exception, integrity constraint violation)."""


@contextmanager
def transaction(settings: Settings) -> Iterator[DBAPICursor]:
    """A transaction in the mirror, committed on leaving; an error undoes all of it.

    Raises MirrorError in words, with the mend.
    """
    engine = _engine(settings)
    try:
        with engine.begin() as connection:
            cursor = connection.connection.cursor()
            cursor.execute(f"set local lock_timeout = '{_WAIT_FOR_LOCK}'; set local search_path = pg_catalog")
            _require_own_database(cursor)
            yield cursor
    except sa.exc.DBAPIError as error:
        raise _in_words(error.orig, settings) from None
    except engine.dialect.loaded_dbapi.Error as error:
        raise _in_words(error, settings) from None
    finally:
        engine.dispose()


def copy_in(cursor: DBAPICursor, target: str, path: Path) -> int:
    """Send a file of rows as COPY's text format has them into a table; gives the rows."""
    psycopg: Any = cursor  # the protocol of all drivers does not know COPY
    with path.open("rb") as file:
        psycopg.copy_expert(f"copy {target} from stdin", file)
    return int(psycopg.rowcount)


def _engine(settings: Settings) -> sa.Engine:
    url = settings.mirror_url.get_secret_value()
    if not url:
        raise MirrorError("there is no mirror here: SUBGROUPS_MIRROR_URL names its PostgreSQL database.")
    try:
        return sa.create_engine(url, poolclass=sa.NullPool, client_encoding="utf8", connect_args=_OPTIONS)
    except ModuleNotFoundError as error:
        raise SettingsError("PostgreSQL needs a driver: pip install 'subgroup-pipeline[postgres]'.") from error


def _require_own_database(cursor: DBAPICursor) -> None:
    """Raise MirrorError in the registry's database: roles of BI tools sign in to the mirror's."""
    cursor.execute(_IS_REGISTRY)
    if cursor.fetchone() == (True,):
        raise MirrorError("SUBGROUPS_MIRROR_URL names the registry's database. Make one of its own for the mirror.")


def _in_words(error: BaseException | None, settings: Settings) -> MirrorError:
    """What the server said. A message about data would quote a student's, so of that only the kind of the error is told."""
    code = getattr(error, "pgcode", None) or ""
    said = str(error).partition("\n")[0].strip() if not code else f"{type(error).__name__} ({code})"
    if code and not code.startswith(_TELLS_VALUES):
        diagnostics: Any = getattr(error, "diag", None)
        said = f"{diagnostics.message_primary} ({code})"
    return MirrorError(
        f"the mirror at {settings.shown('mirror_url')} could not be used: {said}. Readers there keep what they have; the next "
        "night tries again, and `subgroups mirror sync` does at once."
    )
