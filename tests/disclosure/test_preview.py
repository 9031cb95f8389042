"""What staff see of a release before it is made is what is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from subgroup_pipeline.disclosure.cells import Privacy
from subgroup_pipeline.disclosure.due import DueRelease
from subgroup_pipeline.disclosure.preview import PreviewCell, preview_release
from subgroup_pipeline.disclosure.releases import make_releases
from subgroup_pipeline.disclosure.room_left import RoomLeft
from subgroup_pipeline.disclosure.store import last_releases, open_store
from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.errors import WarehouseBusyError
from subgroup_pipeline.settings import Settings, load_settings
from subgroup_pipeline.warehouse.connection import warehouse_lock
from tests.disclosure.shapes import Shape, a_night_later, random_shape, write_marts

SEEDS, MOST = (3, 7), 150
DISTRICT = "district: {}\nname: Made-up district\ntimezone: America/Chicago\nprivacy: {{minimum_count: {}}}\n"
NAMES = ("level", "school_id", "course_id", "month", "subgroup", "value", "with_subgroup", "with_value")
Decided = dict[tuple[object, ...], tuple[int, bool, str | None]]
"""What is counted, whether it is hidden and why, by what names it."""


@dataclass
class Nights:
    """Snapshots one after another, each with its marts and with releases of all districts."""

    settings: Settings
    finished: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, home: Path) -> Nights:
        settings = load_settings(home=home, memory_limit="1GB")
        for folder in (settings.paths.releases, settings.paths.scratch, settings.paths.warehouse):
            folder.mkdir(parents=True)
        return cls(settings)

    def marts(self, name: str, shapes: list[Shape]) -> Path:
        path = self.settings.paths.root / f"{name}.duckdb"
        with duckdb.connect() as connection:
            connection.execute(f"attach '{path}' as source")
            write_marts(connection, shapes, {"2026-09-01": [random_shape(seed, MOST) for seed in SEEDS]})
        return path

    def looked_at(self, marts: Path, shape: Shape, minimum: int) -> tuple[Decided, RoomLeft, list[PreviewCell]]:
        rule = Privacy(shape.district_id, minimum, shows_zero=True)
        cells, room = preview_release(self.settings, marts, self.finished, rule)
        keyed = {tuple(getattr(cell, name) for name in NAMES): (cell.student_count, cell.hidden, cell.reason) for cell in cells}
        return keyed, room, cells

    def released(self, marts: Path, shapes: list[Shape], minimum: int, *, is_killed: bool = False) -> dict[str, Decided]:
        """Release these districts as a publish does; one that is killed then leaves releases that nobody ever sees."""
        last_releases(self.settings, self.finished)
        name = f"{len(self.finished)}"
        due = [DueRelease(parse_district(DISTRICT.format(one.district_id, minimum)), name, "night") for one in shapes]
        made = make_releases(self.settings, marts, due, name, datetime.now(UTC))
        if not is_killed:
            self.finished.append(name)
        with open_store(self.settings) as connection:
            query = f"select {', '.join(NAMES)}, student_count, hidden, reason from releases.released_cell where release_id = ?"
            return {
                district_id: {row[:8]: row[8:] for row in connection.execute(query, [release.release_id]).fetchall()}
                for district_id, release in made.items()
            }


@pytest.mark.slow
def test_a_preview_is_the_release_that_is_made_next(tmp_path: Path) -> None:
    nights = Nights.at(tmp_path)
    shapes = [random_shape(seed, MOST) for seed in SEEDS]
    later = [shapes[0], a_night_later(shapes[1], 5)]  # one district stands still
    first, second = nights.marts("first", shapes), nights.marts("second", later)
    reasons: set[str | None] = set()
    for marts, minimum, is_killed in ((first, 10, False), (second, 14, True), (second, 10, False), (second, 12, False)):
        looks = {shape.district_id: nights.looked_at(marts, shape, minimum) for shape in shapes}
        made = nights.released(marts, shapes, minimum, is_killed=is_killed)
        for district_id, (looked, room, cells) in looks.items():
            released = made[district_id]
            # Months that say what the current reports say have no cells of their own.
            assert looked == {name: released[name] for name in looked}
            assert {name for name in released if name[3] is None} <= set(looked)
            assert room.narrowest is not None, "something is hidden in every one of these"
            reasons |= {cell.reason for cell in cells}
    assert "earlier_release" in reasons, "what was hidden and still counts the same stays hidden: try another seed"


def test_while_a_run_holds_the_warehouse_nothing_is_looked_at(tmp_path: Path) -> None:
    nights = Nights.at(tmp_path)
    shape = random_shape(SEEDS[0], 100)
    marts = nights.marts("only", [shape])
    with warehouse_lock(nights.settings), pytest.raises(WarehouseBusyError):
        nights.looked_at(marts, shape, 10)
