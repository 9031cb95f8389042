"""The tables of releases: those of the durable store, with what is hidden and why, and those that leave the building."""

from __future__ import annotations

from subgroup_pipeline.warehouse.table import Column, Table

_DISTRICT = Column("varchar", "Key of the district.", required=True)
_RELEASE_ID = Column("varchar", "Key of the release: the snapshot that first showed it, and the district.", required=True)
_SUBGROUP = {
    "subgroup": Column("varchar", "Name of the subgroup; all_students is everyone.", required=True),
    "value": Column("varchar", "The value that is counted.", required=True),
}
_WITH = {
    "with_subgroup": Column("varchar", "Name of the other subgroup.", required=True),
    "with_value": Column("varchar", "Its value; students are counted who have both.", required=True),
}
_SCHOOL = {"school_id": Column("varchar", "sourcedId of the school, verbatim.", required=True)}
_COURSE = {"course_id": Column("varchar", "sourcedId of the course, verbatim.", required=True)}
_WHEN = {
    "school_year": Column("varchar", "The school year, by the year in which it ends."),
    "as_of_date": Column("date", "The day on which students are counted."),
}
_SCHOOL_NAME = {"school_name": Column("varchar", "Name of the school.")}
_COURSE_TITLE = {"course_title": Column("varchar", "Title of the course.")}
_COUNT = {
    "student_count": Column("bigint", "Students; null where it is hidden."),
    "display_value": Column("varchar", "The count as text, or the one symbol for whatever is hidden.", required=True),
}
_SHARE = {
    "student_share_display": Column("varchar", "Share of the students there as text, coarse near 0% and 100%, or the symbol."),
}
_MEAN = {"mean_score_pct": Column("double", "Mean score in whole percents; null where it is hidden or nobody has one.")}

RELEASE = Table(
    "public",
    "release",
    "One row per district: which release its numbers are of.",
    {
        "release_id": _RELEASE_ID,
        "district_id": _DISTRICT,
        "released_at": Column("timestamp", "When it was made (UTC).", required=True),
        "snapshot": Column("varchar", "The snapshot that first showed it.", required=True),
        "minimum_count": Column("integer", "The smallest group that is shown.", required=True),
        "profile": Column("varchar", "The rule by which small groups are hidden.", required=True),
    },
)


def _report(name: str, meaning: str, columns: dict[str, Column]) -> Table:
    return Table("public", name, f"{meaning}, with small groups hidden.", {"district_id": _DISTRICT, **columns})


REPORTS = (
    _report("rpt_district_subgroup", "Students of a district", {**_SUBGROUP, **_WHEN, **_COUNT, **_SHARE, **_MEAN}),
    _report(
        "rpt_school_subgroup",
        "Students of a school",
        {**_SCHOOL, **_SUBGROUP, **_WHEN, **_SCHOOL_NAME, **_COUNT, **_SHARE, **_MEAN},
    ),
    _report(
        "rpt_course_subgroup",
        "Students of a course at a school",
        {**_SCHOOL, **_COURSE, **_SUBGROUP, **_WHEN, **_SCHOOL_NAME, **_COURSE_TITLE, **_COUNT, **_SHARE, **_MEAN},
    ),
    _report(
        "rpt_district_subgroup_pair",
        "Students of a district who have both of two values",
        {**_SUBGROUP, **_WITH, **_WHEN, **_COUNT, **_MEAN},
    ),
    _report(
        "rpt_school_subgroup_pair",
        "Students of a school who have both of two values",
        {**_SCHOOL, **_SUBGROUP, **_WITH, **_WHEN, **_SCHOOL_NAME, **_COUNT, **_MEAN},
    ),
    _report(
        "rpt_trend_subgroup",
        "Students by month",
        {
            "level": Column("varchar", "district, school or course.", required=True),
            "school_id": Column("varchar", "sourcedId of the school; null at the level of the district."),
            "course_id": Column("varchar", "sourcedId of the course; null unless a course is counted."),
            "month": Column("date", "First day of the month.", required=True),
            "school_year": _WHEN["school_year"],
            **_SUBGROUP,
            **_COUNT,
            **_SHARE,
            **_MEAN,
        },
    ),
)
PUBLIC_TABLES = (*REPORTS, RELEASE)

KEPT_RELEASE = Table(
    "main",
    "release",
    "One row per release of a district.",
    {
        **RELEASE.columns,
        "shows_zero": Column("boolean", "Whether groups of nobody are shown.", required=True),
        "cause": Column("varchar", "Why it was made: first, rule, month, count_day, night or correction.", required=True),
        "build_key": Column("varchar", "Of what was built for the district then.", required=True),
    },
    "history",
    database="releases",
)
RELEASED_CELL = Table(
    "main",
    "released_cell",
    "Every count of the last releases: as it is, whether it is hidden and why. For staff only; it never leaves this file.",
    {
        "release_id": _RELEASE_ID,
        "district_id": _DISTRICT,
        "level": Column("varchar", "district, school or course.", required=True),
        "school_id": Column("varchar", "sourcedId of the school; null at the level of the district."),
        "course_id": Column("varchar", "sourcedId of the course; null unless a course is counted."),
        "month": Column("date", "First day of the month of the trend; null in the current reports."),
        **_SUBGROUP,
        "with_subgroup": Column("varchar", "Name of the other subgroup of a pair; each pair has one row."),
        "with_value": Column("varchar", "Its value."),
        **_WHEN,
        **_SCHOOL_NAME,
        **_COURSE_TITLE,
        "student_count": Column("bigint", "Students.", required=True),
        "total_students": Column("bigint", "Students of the place.", required=True),
        "scored_students": Column("bigint", "Students who have a score there.", required=True),
        "hidden": Column("boolean", "Whether the count is hidden.", required=True),
        "mean_hidden": Column("boolean", "Whether the mean is hidden.", required=True),
        "known": Column("boolean", "Whether this release or one before it shows the count; null in releases that did not say."),
        "reason": Column("varchar", "Why the count is hidden; null where it is shown."),
        "display_value": _COUNT["display_value"],
        **_SHARE,
        "shown_mean_pct": _MEAN["mean_score_pct"],
    },
    "history",
    database="releases",
)
RELEASE_TABLES = (KEPT_RELEASE, RELEASED_CELL)
