"""`history.duckdb`: what students were and how many there were, at every build. It is durable: raw bytes leave, this stays.

Cells are kept as they were read, so that a mapping that changes reads the past again. `cells` holds a part `<source>:<text>`
for each source that had a cell, joined by the unit separator (chr 31); a blank cell has an empty text, and null says that no
source had one.
"""

from __future__ import annotations

from subgroup_pipeline.warehouse.table import Column, Table

_DISTRICT = Column("varchar", "Key of the district.", required=True)


def _history(name: str, meaning: str, columns: dict[str, Column]) -> Table:
    return Table("main", name, meaning, columns, "history", database="history")


STUDENT_CELL = _history(
    "student_cell",
    "What each active student's cells said from one build to another: a row where that, or being active, changed.",
    {
        "district_id": _DISTRICT,
        "student_id": Column("varchar", "sourcedId of the student, verbatim.", required=True),
        "subgroup": Column("varchar", "Name of the subgroup; all_students stands for being active.", required=True),
        "cells": Column("varchar", "The text of each source that had a cell; null if none had one."),
        "valid_from": Column("timestamp", "Effective time of the build that began it (UTC).", required=True),
        "valid_to": Column("timestamp", "Effective time of the build that ended it (UTC); null while it holds."),
        "delivery_id": Column("varchar", "The delivery that began it; null if it would be a file that the student is not in."),
    },
)

MONTH_COUNT = _history(
    "month_count",
    "The counts of the last build of each month, as marts.rpt_trend_subgroup shows them.",
    {
        "district_id": _DISTRICT,
        "level": Column("varchar", "district, school or course (at one school).", required=True),
        "school_id": Column("varchar", "sourcedId of the school; null at the level of the district."),
        "course_id": Column("varchar", "sourcedId of the course; null unless a course is counted."),
        "month": Column("date", "First day of the month.", required=True),
        "school_year": Column("varchar", "The school year of that build."),
        "term": Column("varchar", "The term of that build; null if there is none, and in months kept before contract 2.2.0."),
        "subgroup": Column("varchar", "Name of the subgroup.", required=True),
        "value": Column("varchar", "The value that is counted.", required=True),
        "student_count": Column("bigint", "Students with the value.", required=True),
        "total_students": Column("bigint", "Students of the place.", required=True),
        "scored_students": Column("bigint", "Students with the value who have a score there.", required=True),
        "mean_score_pct": Column("double", "The mean of their scores in percent."),
        "score_gap_pct": Column("double", "That mean minus the mean of everyone else who has a score there."),
        "effective_at": Column("timestamp", "Effective time of the build (UTC).", required=True),
    },
)

HISTORY_TABLES = (STUDENT_CELL, MONTH_COUNT)
