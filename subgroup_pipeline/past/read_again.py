"""Reading the past again: builds of the history are landed from the archive under today's settings, and rewritten.

All of them are built in a throw-away home by one run of dbt, each as a district of its own; what their students were is then
folded into rows from one build to another. Deliveries are landed once, whatever the number of builds made from them.
"""

from __future__ import annotations

import time
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.build.dbt import open_models
from subgroup_pipeline.build.scope import naive, scope_row
from subgroup_pipeline.disk import require_room
from subgroup_pipeline.districts.registered import RegisteredDistrict
from subgroup_pipeline.landing.land import land_again
from subgroup_pipeline.logs import log_event
from subgroup_pipeline.past.lost_history import doubt_what_is_not_there, tell_what_is_gone
from subgroup_pipeline.past.past_builds import builds_to_read, counted_months, districts_in_scope, uploads_of
from subgroup_pipeline.registry.builds import note_read_again
from subgroup_pipeline.rehearsal.throwaway_home import link_archive, throwaway_home
from subgroup_pipeline.stages import stage
from subgroup_pipeline.warehouse.as_of import day_of, school_year_ends
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.control import write_subgroup_settings
from subgroup_pipeline.warehouse.control_tables import RUN_SCOPE
from subgroup_pipeline.warehouse.duckdb_files import attach
from subgroup_pipeline.warehouse.history_tables import MONTH_COUNT, STUDENT_CELL
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES
from subgroup_pipeline.warehouse.rows import insert_rows
from subgroup_pipeline.warehouse.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from subgroup_pipeline.build.dbt import ModelRun
    from subgroup_pipeline.past.past_builds import BuiltDistrict, PastBuild
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

_MOST_STUDENTS = 2_000_000
"""Students of all builds that one run of the models reads."""
_TIMES_ITS_FILES = 4
"""Room that rows of files take, against the files as they were uploaded (a zip is a fifth of what it holds)."""
_MODELS = ("+int_history_opened", "+rpt_trend_subgroup")
_OF_STUDENTS = ("users", "demographics", "subgroup_row")
"""Raw tables that say what students were; the others are needed for counts alone."""

_BUILD = Table(
    "control",
    "past_build",
    "The builds that are read again, each as a district of its own.",
    {
        "build_id": Column("varchar", "What stands for the district's key.", required=True),
        "district_id": Column("varchar", "Key of the district.", required=True),
        "place": Column("integer", "Its place among the district's builds that are folded, from 1; null for the others."),
        "roster_delivery_id": Column("varchar", "Its roster.", required=True),
        "subgroup_delivery_id": Column("varchar", "Its subgroup file, if the settings have one."),
        "effective_at": Column("timestamp", "Its effective time (UTC).", required=True),
        "month": Column("date", "The month that it is in.", required=True),
        "is_counted": Column("boolean", "Whether its month is counted again.", required=True),
    },
)

_KEPT = "kept"
"""The history of the installation, beside the throw-away home's own."""
_CELL, _COUNT = (f"{_KEPT}.{table.schema}.{table.name}" for table in (STUDENT_CELL, MONTH_COUNT))

# Place 0 is what held just before the first build that is read again.
_FOLD = f"""
    create temp table first_read as
        select district_id, min(effective_at) as first_at from {_BUILD} where place is not null group by district_id;
    create temp table stretch as
        with state as (
            select b.district_id, b.place, c.student_id, c.subgroup, c.cells, c.delivery_id
            from work.intermediate.int_history_opened as c inner join {_BUILD} as b on c.district_id = b.build_id
            where b.place is not null
            union all
            select h.district_id, 0, h.student_id, h.subgroup, h.cells, h.delivery_id
            from {_CELL} as h inner join first_read as f on h.district_id = f.district_id
            where h.valid_from < f.first_at and (h.valid_to is null or h.valid_to >= f.first_at)
        ),
        compared as (
            select *, lag(place) over of_student as place_before, lag(cells) over of_student as cells_before
            from state
            window of_student as (partition by district_id, student_id, subgroup order by place)
        ),
        numbered as (
            select *, sum(if(place = place_before + 1 and cells is not distinct from cells_before, 0, 1))
                over (partition by district_id, student_id, subgroup order by place) as number
            from compared
        ),
        gathered as (
            select district_id, student_id, subgroup, min(place) as first_place, max(place) as last_place,
                any_value(cells) as cells, arg_min_null(delivery_id, place) as delivery_id
            from numbered group by district_id, student_id, subgroup, number
        )
        select g.district_id, g.student_id, g.subgroup, g.cells, began.effective_at as valid_from,
            ended.effective_at as valid_to, g.delivery_id
        from gathered as g
        left join {_BUILD} as began on g.district_id = began.district_id and g.first_place = began.place
        left join {_BUILD} as ended on g.district_id = ended.district_id and g.last_place + 1 = ended.place;
    delete from {_CELL} as h using first_read as f where h.district_id = f.district_id and h.valid_from >= f.first_at;
    update {_CELL} as h set valid_to = null
        from first_read as f where h.district_id = f.district_id and h.valid_to >= f.first_at;
    update {_CELL} as h set valid_to = s.valid_to
        from stretch as s
        where s.valid_from is null and h.valid_to is null
            and h.district_id = s.district_id and h.student_id = s.student_id and h.subgroup = s.subgroup;
    insert into {_CELL} by name from stretch where valid_from is not null;
    delete from {_COUNT} as h using {_BUILD} as b
        where b.is_counted and h.district_id = b.district_id and h.month = b.month;
    insert into {_COUNT} by name
        select t.* replace (b.district_id as district_id), b.effective_at
        from analytics.marts.rpt_trend_subgroup as t inner join {_BUILD} as b on t.district_id = b.build_id
        where b.is_counted;
    drop table stretch;
    drop table first_read
"""


@dataclass(frozen=True)
class ReadAgain:
    """What was read again: builds whose students are part of the history anew, months counted, in how many districts."""

    builds: int = 0
    months: int = 0
    districts: int = 0
    deliveries: int = 0
    seconds: float = 0.0

    def __add__(self, other: ReadAgain) -> ReadAgain:
        """Both together."""
        return ReadAgain(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))


@stage("history")
def read_past_again(registry: Registry, settings: Settings, districts: Sequence[RegisteredDistrict]) -> ReadAgain:
    """Read again what the settings of the districts in scope ask for and the archive still has. Safe to repeat after a kill.

    The caller holds the warehouse, and has written `control.run_scope`. With nothing to read again this is two queries.
    """
    with open_warehouse(settings) as connection:
        scope = districts_in_scope(connection, districts)
        counted = counted_months(connection) if scope else {}
        doubt_what_is_not_there(connection, registry, scope)
    builds = builds_to_read(registry, settings.paths, scope, counted)
    read = ReadAgain()
    for part in _parts(builds):
        own_scope = {district_id: scope[district_id] for district_id in part}
        read += _read_part(registry, settings, own_scope, counted)
    tell_what_is_gone(registry, list(scope))
    if read.deliveries:
        log_event("history.read_again", **asdict(read))
    return read


def _parts(builds: Iterable[PastBuild]) -> list[list[str]]:
    """Districts that are read by one run of the models, so that what that has to hold is bounded; a large one is alone."""
    students: dict[str, int] = {}
    for build in builds:
        users = build.roster.record.files.get("users.csv")
        district_id = build.build.district_id
        students[district_id] = students.get(district_id, 0) + (users.records if users else 0)
    parts: list[list[str]] = []
    room = 0
    for district_id, count in students.items():
        if not parts or count > room:
            parts.append([])
            room = _MOST_STUDENTS
        parts[-1].append(district_id)
        room -= count
    return parts


def _read_part(
    registry: Registry, settings: Settings, scope: Mapping[str, BuiltDistrict], counted: Mapping[tuple[str, str], datetime]
) -> ReadAgain:
    began = time.monotonic()
    builds = builds_to_read(registry, settings.paths, scope, counted)
    uploads = uploads_of(builds)
    require_room(settings.paths, "reading the past again", _TIMES_ITS_FILES * sum(uploads.values()))
    with throwaway_home(settings) as own:
        own.paths.make()
        link_archive(settings, own, uploads)
        landed, unreadable = _land(own, builds)
        if unreadable:
            builds = builds_to_read(registry, settings.paths, scope, counted, unreadable)
        if builds:
            with open_warehouse(own) as connection:
                _lay_out(connection, builds)
            with open_models(own) as models:
                for _ in models.build(*_MODELS):
                    pass
                _fold(settings, models)
            _note(registry, builds, scope)
    return ReadAgain(
        builds=sum(build.is_folded for build in builds),
        months=sum(build.is_counted for build in builds),
        districts=len({build.build.district_id for build in builds}),
        deliveries=landed,
        seconds=round(time.monotonic() - began, 1),
    )


def _land(own: Settings, builds: Iterable[PastBuild]) -> tuple[int, set[str]]:
    """Land each delivery once; gives how many, and those that the settings of today cannot read."""
    deliveries = {one.delivery_id: one for build in builds for one in build.deliveries}
    districts = {build.district.district_id: _lenient(build.district) for build in builds}
    in_order = [deliveries[delivery_id] for delivery_id in sorted(deliveries)]
    with open_warehouse(own) as connection:
        readable = land_again(connection, own, in_order, districts)
    return len(deliveries), set(deliveries) - readable


def _lenient(district: RegisteredDistrict) -> RegisteredDistrict:
    """A file of the past may lack a column that is there today: it says nothing of it."""
    settings = district.settings
    if settings.subgroups is None:
        return district
    columns = {name: column.model_copy(update={"optional": True}) for name, column in settings.subgroups.columns.items()}
    subgroups = settings.subgroups.model_copy(update={"columns": columns})
    return RegisteredDistrict(settings.model_copy(update={"subgroups": subgroups}), district.version)


def _lay_out(connection: duckdb.DuckDBPyConnection, builds: Sequence[PastBuild]) -> None:
    """Make each build a district in scope: its rows of `raw`, its settings, its row of `control.run_scope`."""
    ends = school_year_ends(connection, [build.roster.delivery_id for build in builds])
    now = datetime.now(UTC)
    places: dict[str, int] = {}
    rows, scope = [], []
    for number, build in enumerate(builds):
        district_id = build.build.district_id
        places[district_id] = places.get(district_id, 0) + build.is_folded
        row: dict[str, Any] = scope_row(build.district, build.roster, build.subgroups, ends.get(build.roster.delivery_id), now)
        moment = naive(build.build.effective_at)
        row |= {"district_id": f"{district_id} {number}", "effective_at": moment, "history_from": moment}
        row |= {"effective_date": day_of(build.build.effective_at, build.district), "month": build.build.month}
        scope.append(row)
        own = {"build_id": row["district_id"], "district_id": district_id, "is_counted": build.is_counted}
        same = {name: row[name] for name in ("roster_delivery_id", "subgroup_delivery_id", "effective_at", "month")}
        rows.append({**own, **same, "place": places[district_id] if build.is_folded else None})
    connection.execute(f"create table {_BUILD} {_BUILD.definition}")
    insert_rows(connection, _BUILD, rows)
    insert_rows(connection, RUN_SCOPE, scope)
    write_subgroup_settings(connection, {build.district.district_id: build.district for build in builds}.values())
    for table in ("control.subgroup_column", "control.subgroup_value"):
        connection.execute(
            f"create or replace table {table} as select t.* replace (b.build_id as district_id) "
            f"from {table} as t inner join {_BUILD} as b on t.district_id = b.district_id"
        )
    for raw in RAW_TABLES.values():
        delivery = "subgroup_delivery_id" if raw.feed == "subgroups" else "roster_delivery_id"
        needed = "" if raw.name in _OF_STUDENTS else "and b.is_counted"
        connection.execute(f"alter table {raw} rename to {raw.name}_landed")
        connection.execute(
            f"create view {raw} as select t.* replace (b.build_id as district_id) "
            f"from {raw}_landed as t inner join {_BUILD} as b on t.delivery_id = b.{delivery} {needed}"
        )


def _fold(settings: Settings, models: ModelRun) -> None:
    """Write what was read into the history, all or nothing; from the first build on, everything is written anew."""
    with models.connection() as connection:
        connection.execute(attach(_KEPT, settings.paths.history_database))
        connection.execute("begin")
        for statement in _FOLD.split(";"):
            connection.execute(statement)
        connection.execute("commit")
        connection.execute(f"detach {_KEPT}")


def _note(registry: Registry, builds: Iterable[PastBuild], scope: Mapping[str, BuiltDistrict]) -> None:
    """Note what was read, and what is counted as today's settings have it: of tonight's month only tonight's build will be."""
    with registry.begin() as session:
        for district_id, one in scope.items():
            own = [build for build in builds if build.build.district_id == district_id]
            read = [build.build.effective_at for build in own if build.is_folded]
            counted = [build.build.effective_at for build in own if build.is_counted or build.build.month != one.month]
            note_read_again(session, district_id, read, reading_key=one.reading_key)
            note_read_again(session, district_id, counted, meaning_key=one.meaning_key)
