"""What is noted about a delivery is a typed record: the column `counts` becomes `record`, without fields that no release reads.

Revision ID: 0003
Revises: 0002
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_AT_A_TIME = 1000
"""Rows in memory: a ledger may be years long."""
_RECORD = {
    "files_waiting", "files", "is_delta", "delta_tables", "bulk_tables", "rows_carried_over", "active_students", "student_ids",
    "matched", "absent_students", "changes", "rows_set_aside_by_checks", "ended_runs",
}  # fmt: skip
_FILE = {"table", "lines", "records", "blank", "skipped", "continued", "set_aside", "landed", "reading"}
_READING = {"encoding", "delimiter", "header_line", "last_line", "columns"}
_CHANGES = {"new", "changed", "removed"}


def upgrade() -> None:
    # Not Alembic's batch: that makes the table anew, and other tables refer to it.
    op.execute("alter table delivery rename column counts to record")
    delivery = sa.table("delivery", sa.column("delivery_id", sa.String), sa.column("record", sa.JSON))
    connection = op.get_bind()
    last = ""
    in_order = sa.select(delivery).order_by(delivery.c.delivery_id).limit(_AT_A_TIME)
    while rows := connection.execute(in_order.where(delivery.c.delivery_id > last)).all():
        for delivery_id, noted in rows:
            record = _known(noted)
            if record != noted:
                connection.execute(sa.update(delivery).where(delivery.c.delivery_id == delivery_id).values(record=record))
        last = rows[-1].delivery_id


def downgrade() -> None:
    op.execute("alter table delivery rename column record to counts")


def _known(noted: object) -> dict[str, Any]:
    """What was noted, as far as it has the form of a record."""
    if not isinstance(noted, dict):
        return {}
    record = {name: value for name, value in noted.items() if name in _RECORD and value is not None}
    if "files" in record:
        record["files"] = {name: _file(file) for name, file in record["files"].items() if "table" in file}
    changes = record.get("changes")
    if changes is not None and (set(changes) != _CHANGES or not all(isinstance(count, int) for count in changes.values())):
        del record["changes"]
    return record


def _file(file: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in file.items() if name in _FILE and value is not None}
    if "reading" in known:
        known["reading"] = {name: value for name, value in known["reading"].items() if name in _READING}
    return known
