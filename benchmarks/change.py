"""Whether a night's cost follows what changed: nothing new, and ten districts changed, in installations of three sizes and ages.

One has the ten districts that deliver and no more, one has 990 others beside them, and one is the same with years behind it: a
ledger of many deliveries, and thirty nights of every district in the history. So a ratio near 1 of the last to the second says
that years cost nothing, and the second against the first what districts cost that send nothing.
Run: python -m benchmarks.change --districts 1000 --rows 200000
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from benchmarks.generate import generate
from benchmarks.ledger import MADE_HERE, fill_ledger
from benchmarks.night import Home, Measure, Stages, measured_stages
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.settings import load_settings
from subgroup_pipeline.warehouse.connection import open_warehouse, warehouse_lock
from tests.support.command import free_port

if TYPE_CHECKING:
    from benchmarks.generate import DistrictInput

STUDENTS = 30
DELIVERING = 10
NIGHTS = 30
"""Of every district in the history."""
_REPEATS = 2
_SINCE = timedelta(days=10)
"""How long ago the last of the years' nights was: reports of a week are looked at, and these deliveries have none."""
_SHOWN = 0.05
"""Seconds of CPU that a stage must differ by to be in the table."""

_BUILDS = f"""
insert into build (district_id, effective_at, roster_delivery_id, subgroup_delivery_id, month, reading_key, meaning_key, built_at)
select made.district_id, made.received_at, max(case feed when 'roster' then delivery_id end),
    max(case feed when 'subgroups' then delivery_id end), strftime('%Y-%m-01', made.received_at), own.reading_key,
    own.meaning_key, made.received_at
from (
    select *, dense_rank() over (partition by district_id order by received_at desc) as night from delivery where {MADE_HERE}
) as made
inner join build as own on made.district_id = own.district_id
where made.night <= {NIGHTS}
group by made.district_id, made.received_at
"""
_PAST = """
create temp table past as
    select *, row_number() over (partition by district_id order by effective_at desc) as night
    from (
        select unnest(
            from_json(?, '[{"district_id": "varchar", "effective_at": "timestamp", "month": "date"}]'), recursive := true
        )
    );
create temp table began as select district_id, min(effective_at) as effective_at from past group by all;
create temp table changed as
    select cell.district_id, cell.student_id, cell.subgroup, past.effective_at
    from history.student_cell as cell
    inner join past on cell.district_id = past.district_id and past.night = 1 + hash(cell.student_id, cell.subgroup) % 100
    where cell.cells is not null
"""
# Every hundredth cell changed in each of the nights.
_HISTORY = (
    """
    insert into history.student_cell by name
    select cell.* replace ('file:other' as cells, began.effective_at as valid_from, changed.effective_at as valid_to)
    from history.student_cell as cell
    inner join changed using (district_id, student_id, subgroup)
    inner join began on cell.district_id = began.district_id and changed.effective_at > began.effective_at
    """,
    """
    update history.student_cell as cell
    set valid_from = coalesce(
        (
            select changed.effective_at from changed
            where changed.district_id = cell.district_id and changed.student_id = cell.student_id
                and changed.subgroup = cell.subgroup
        ),
        (select began.effective_at from began where began.district_id = cell.district_id)
    )
    where valid_to is null
    """,
    """
    insert into history.month_count by name
    select kept.* replace (past.month as month, past.effective_at as effective_at)
    from history.month_count as kept
    inner join (select district_id, month, max(effective_at) as effective_at from past group by all) as past
        on kept.district_id = past.district_id and kept.month <> past.month
    """,
)


def add_years(root: Path, districts: int, rows: int) -> None:
    """Make an installation old that had one night: all by SQL, the nights themselves would take weeks."""
    settings = load_settings(home=root)
    registry = open_registry(settings)
    with registry.engine.begin() as connection:
        then = datetime.now(UTC) - _SINCE
        fill_ledger(connection, rows, districts, then, name="bench_%04d", first=1, newest="superseded")
        connection.exec_driver_sql(_BUILDS)
        of_years = sa.text("select district_id, effective_at, month from build where built_at = effective_at")
        builds = [dict(row) for row in connection.execute(of_years).mappings()]
    registry.close()
    with warehouse_lock(settings), open_warehouse(settings) as connection:
        first, *others = _PAST.split(";")
        connection.execute(first, [json.dumps(builds)])
        for statement in (*others, *_HISTORY):
            connection.execute(statement)


def nights(home: Home, inputs: list[DistrictInput]) -> dict[str, tuple[Measure, Stages]]:
    """Nights without and with something new, the cheaper of two each, after one that publishes what the years brought."""
    found: dict[str, tuple[Measure, Stages]] = {}
    with home.serving():
        home.night()
        for repeat in range(1, _REPEATS + 1):
            for name in ("nothing new", f"{DELIVERING} changed"):
                if name != "nothing new":
                    for district in inputs[:DELIVERING]:
                        home.redeliver(district, gone=repeat)
                night = home.night()
                if name not in found or night.cpu < found[name][0].cpu:
                    found[name] = (night, measured_stages(home.root))
    if "history.read_again" in (home.root / "logs" / "subgroups.jsonl").read_text(encoding="utf-8"):
        raise SystemExit("the past was read again: the years were not made as nights make them")
    return found


def table(found: dict[str, dict[str, tuple[Measure, Stages]]]) -> str:
    """A Markdown table: nights by installation, and CPU by stage where the installations differ."""
    lines = ["| | " + " | ".join(found) + " | years cost |", "|-|" + "-|" * (len(found) + 1)]
    for night in next(iter(found.values())):
        measures = [of_home[night][0] for of_home in found.values()]
        cells = " | ".join(f"{one.wall:.1f} s, {one.cpu:.1f} s CPU, {one.memory:.2f} GiB" for one in measures)
        lines.append(f"| **{night}** | {cells} | {measures[-1].cpu / measures[-2].cpu:.2f} |")
        stages = [of_home[night][1] for of_home in found.values()]
        for stage in sorted(set().union(*stages), key=lambda name: -stages[-1].get(name, {"cpu": 0.0})["cpu"]):
            seconds = [one.get(stage, {"cpu": 0.0})["cpu"] for one in stages]
            if max(seconds) - min(seconds) >= _SHOWN:
                ratio = f"{seconds[-1] / seconds[-2]:.2f}" if seconds[-2] >= _SHOWN else ""
                lines.append(f"| {stage} | {' | '.join(f'{one:.2f}' for one in seconds)} | {ratio} |")
    return "\n".join(lines)


def compare(districts: int, rows: int, scratch: Path) -> str:
    """Make the three installations and measure them; gives the table."""
    port = free_port()
    inputs = generate(scratch / "files", districts, STUDENTS)
    few, many = Home(scratch / "few", port), Home(scratch / "many", port)
    for home, own in ((few, inputs[:DELIVERING]), (many, inputs)):
        with home.serving():
            home.deliver(own)
            print(f"the first night of {len(own)} districts: {home.night()}", flush=True)
    old = Home(scratch / "old", port)
    shutil.copytree(many.root, old.root, symlinks=True)
    add_years(old.root, districts, rows)
    found = {
        f"{DELIVERING} districts": nights(few, inputs),
        f"{districts:,} districts": nights(many, inputs),
        f"{districts:,} with years": nights(old, inputs),
    }
    if many.counts() != old.counts():
        raise SystemExit("the installation with years published other counts than the same without")
    return table(found)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--districts", type=int, default=1000, help="registered, of which ten deliver")
    parser.add_argument("--rows", type=int, default=200_000, help="of the old ledger")
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="keep files and installations here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".subgroups-benchmark-") as scratch:
        print(compare(arguments.districts, arguments.rows, arguments.home or Path(scratch)))


if __name__ == "__main__":
    main()
