"""Which cells are hidden: small groups, and whatever gives one of them back by a difference.

Every statement works on all districts of the table `cell` at once. Hiding only ever grows, so it comes to an end, and the
order of rows decides nothing (docs/architecture.md 20).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.disclosure.cells import sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

MARGIN = 3
"""Students above the minimum that a group needs to be shown again after a release that hid it: a group that moves by one or two
around the minimum is not shown and hidden by turns."""
_KINDS = ("row", "line", "twin", "column")


def suppress(connection: duckdb.DuckDBPyConnection) -> None:
    """Decide anew which cells of the table `cell` are hidden, to the fixpoint of all rules; sets `hidden` and `reason`."""
    _begin(connection)
    connection.execute(sql("primary"), {"margin": MARGIN})
    _close(connection)


def hide_further(connection: duckdb.DuckDBPyConnection, further: Iterable[tuple[int, str]]) -> None:
    """Hide these cells as well, each given with its reason, and whatever the rules then ask for."""
    _begin(connection)
    connection.execute("insert into hidden_cell select key, reason, 0 from cell where hidden and not is_carried")
    reasons = dict(further)
    connection.execute(
        "insert into hidden_cell select cell.key, more.reason, 0 from cell "
        "inner join (select unnest(?::integer[]) as key, unnest(?::varchar[]) as reason) as more on cell.key = more.key "
        "where not hidden and not is_carried",
        [list(reasons), list(reasons.values())],
    )
    _close(connection)


def hide_means(connection: duckdb.DuckDBPyConnection) -> None:
    """Decide which means are hidden, when it is decided which counts are; sets `mean_hidden`.

    A mean is hidden with its count, and where too few students have a score. With the others of its row it could be worked
    out as a count can, from the students who have a score; so the same rules are applied to these.
    """
    connection.execute(sql("means"))
    if not connection.execute("select 1 from term limit 1").fetchone():
        return
    _reach_fixpoint(connection)
    connection.execute("update cell set mean_hidden = true from hidden_cell as h where cell.key = h.key")


def _begin(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create or replace temp table hidden_cell (key integer, reason varchar, round integer)")
    connection.execute(sql("terms"))


def _close(connection: duckdb.DuckDBPyConnection) -> None:
    """Hide what the rules ask for, and write it into `cell`."""
    _reach_fixpoint(connection)
    connection.execute("update cell set hidden = true, reason = h.reason from hidden_cell as h where cell.key = h.key")


def _reach_fixpoint(connection: duckdb.DuckDBPyConnection) -> None:
    """Add to `hidden_cell` what the rules ask for until they ask for nothing more."""
    seen = dict.fromkeys(_KINDS, -1)
    last = 0
    while any(since < last for since in seen.values()):
        for kind in _KINDS:
            since, seen[kind] = seen[kind], last
            if since < last:
                last += _hid_more(connection, "closure", {"kind": kind, "since": since, "round": last + 1})
        if not any(since < last for since in seen.values()):
            last += _hid_more(connection, "containment", {"round": last + 1})


def _hid_more(connection: duckdb.DuckDBPyConnection, statement: str, values: dict[str, object]) -> int:
    """Run one rule; 1 when it hid something, else 0."""
    row = connection.execute(sql(statement), values).fetchone()
    return 1 if row and row[0] else 0
