"""What a release of a district would show and hide if it were made now, with the reasons; for staff only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.disclosure.cells import Privacy, read_cells, sql
from subgroup_pipeline.disclosure.releases import protect
from subgroup_pipeline.disclosure.store import copy_releases
from subgroup_pipeline.warehouse.connection import warehouse_lock
from subgroup_pipeline.warehouse.duckdb_files import open_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from subgroup_pipeline.disclosure.room_left import RoomLeft
    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class PreviewCell:
    """One count: as it is, whether a release would hide it, why, and whether the last release hid it.

    `month` is null in the current reports. `reason` is one of `small_entity`, `primary`, `zero`, `complement_of_total`, `row`,
    `column`, `pair`, `containment`, `earlier_release`, `audit` and `audit_whole`, or null where the count is shown.
    """

    level: str
    school_id: str | None
    course_id: str | None
    month: date | None
    subgroup: str
    value: str
    with_subgroup: str | None
    with_value: str | None
    student_count: int
    hidden: bool
    reason: str | None
    was_hidden: bool


def preview_release(
    settings: Settings, source: Path, finished: Sequence[str], rule: Privacy
) -> tuple[list[PreviewCell], RoomLeft]:
    """The cells of a district, given by its rule, from a staff file, and what room they leave an outsider.

    A release follows the last one, so the store is read as `store.last_releases` reads it (`finished` is what it is there), and
    the warehouse is held for that moment. Raises WarehouseBusyError while a run holds it.
    """
    # SciPy takes a second to load.
    from subgroup_pipeline.disclosure.room_left import room_left

    with open_files(settings, read={"source": source}) as connection:
        read_cells(connection, [rule])
        with warehouse_lock(settings):
            copy_releases(settings, connection, rule.district_id, finished)
        connection.execute(sql("last_release"))
        protect(connection)
        names = ", ".join(f"cell.{name}" for name in PreviewCell.__dataclass_fields__ if name != "was_hidden")
        query = f"select {names}, coalesce(last_cell.hidden, false) from cell left join last_cell using (key) order by cell.key"
        rows = connection.execute(query).fetchall()
        return [PreviewCell(*row) for row in rows], room_left(connection)
