"""What a contest says: a Markdown table for people, and JSON for the next chart."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from benchmarks.night import Stages

if TYPE_CHECKING:
    from benchmarks.side_by_side.contest import Entry

PARTS = {"night": "the whole night", "landing": "landing", "checks": "checks"}
"""What is compared, in the order of the table."""
AIMS = {
    "dlt, rows": ("our landing", 10.0),
    "dlt, Arrow": ("our landing", 2.0),
    "GX on pandas": ("our checks", 1.0),
}
"""How many times our processor time a contender must take for a row; wall time says more about who else is on the machine."""


def ratios(entries: list[Entry]) -> list[tuple[str, float, float, float]]:
    """Of each aim: the contender, how many times as long as ours it took per row (wall, CPU), and the aim."""
    by_name = {entry.name: entry for entry in entries}
    found = []
    for name, (ours, aim) in AIMS.items():
        if name in by_name:
            theirs, mine = by_name[name], by_name[ours]
            wall, cpu = (theirs.seconds[at] / theirs.rows * mine.rows / mine.seconds[at] for at in (0, 1))
            found.append((name, wall, cpu, aim))
    return found


def _of_the_night(entries: list[Entry]) -> list[tuple[str, float]]:
    """How many times the processor time of each other contender for the whole night ours takes, for a row."""
    nights = [entry for entry in entries if entry.part == "night"]
    ours = next(entry for entry in nights if entry.name == "our night")
    return [(other.name, ours.seconds[1] / ours.rows * other.rows / other.seconds[1]) for other in nights if other is not ours]


def markdown(scale: str, entries: list[Entry]) -> str:
    """The table, and a line per aim."""
    lines = [
        f"Scale {scale}. Seconds are those of the work itself; processes are measured whole, with imports.",
        "",
        "| | | districts | wall | CPU | rows per second | process: wall, CPU, memory | |",
        "|-|-|-|-|-|-|-|-|",
    ]
    for part, said in PARTS.items():
        for entry in (one for one in entries if one.part == part):
            seconds = f"{entry.seconds[0]:.1f} s | {entry.seconds[1]:.1f} s"
            process = (
                f"{entry.process.wall:.1f} s, {entry.process.cpu:.1f} s, {entry.process.memory:.2f} GiB" if entry.process else ""
            )
            speed = f"{entry.rows_per_second:,.0f}" if entry.rows else ""
            lines.append(f"| {said} | {entry.name} | {entry.districts:,} | {seconds} | {speed} | {process} | {entry.note} |")
    lines += ["", *(f"- Our night takes {times:.1f} times the CPU of {name} for a row" for name, times in _of_the_night(entries))]
    for name, wall, cpu, aim in ratios(entries):
        met = "met" if cpu >= aim else "missed"
        lines.append(
            f"- {name} takes {cpu:.1f} times the CPU that we take for a row ({wall:.1f} times the wall time); aim {aim:g}: {met}"
        )
    return "\n".join(lines)


def as_json(scale: str, students: int, entries: list[Entry]) -> dict[str, Any]:
    """All figures, for `benchmarks/results`."""
    return {
        "scale": scale,
        "students_per_district": students,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "python": platform.python_version()},
        "entries": [_entry(one) for one in entries],
        "ratios": [{"contender": name, "wall": wall, "cpu": cpu, "aim": aim} for name, wall, cpu, aim in ratios(entries)],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    stages: Stages = entry.stages
    return {
        "name": entry.name,
        "part": entry.part,
        "districts": entry.districts,
        "rows": entry.rows,
        "wall": entry.seconds[0],
        "cpu": entry.seconds[1],
        "process": vars(entry.process) if entry.process else None,
        "note": entry.note,
        "stages": stages,
    }
