"""The schema `control`: what a run builds, judges and has landed, and what the settings of districts say, for SQL to read."""

from __future__ import annotations

from subgroup_pipeline.warehouse.table import Column, Kept, Table

_DISTRICT = Column("varchar", "Key of the district.", required=True)
_DELIVERY = Column("varchar", "The delivery.", required=True)


def _control(name: str, meaning: str, columns: dict[str, Column], kept: Kept) -> Table:
    return Table("control", name, meaning, columns, kept)


RUN_SCOPE = _control(
    "run_scope",
    "The districts that this run builds, with the deliveries and settings that they are built from.",
    {
        "district_id": _DISTRICT,
        "district_name": Column("varchar", "Name of the district.", required=True),
        "roster_delivery_id": Column("varchar", "The roster.", required=True),
        "subgroup_delivery_id": Column("varchar", "The subgroup file; null without one."),
        "roster_received_at": Column("timestamp", "When the roster came (UTC).", required=True),
        "subgroup_received_at": Column("timestamp", "When the subgroup file came (UTC)."),
        "as_of_date": Column("date", "The day for which students and enrollments are counted.", required=True),
        "match_field": Column("varchar", "What of users.csv the ids of the subgroup file are matched against."),
        "build_key": Column("varchar", "Hash of everything that the district's marts depend on.", required=True),
        "built_at": Column("timestamp", "When this run began to build (UTC).", required=True),
        "timezone": Column("varchar", "The district's time zone.", required=True),
        "effective_at": Column(
            "timestamp", "When the newest of its deliveries came (UTC): the build's place in the history.", required=True
        ),
        "effective_date": Column("date", "The day of effective_at, in the district's time zone.", required=True),
        "history_from": Column(
            "timestamp",
            "From when this build writes the history (UTC): earlier than effective_at where builds before it are taken back.",
            required=True,
        ),
        "reading_key": Column("varchar", "Hash of the settings that say what is read of its files.", required=True),
        "meaning_key": Column("varchar", "Hash of the settings that say what is read and what it means.", required=True),
        "month": Column("date", "First day of the month of effective_at, in the district's time zone.", required=True),
    },
    "run",
)

BUILD = _control(
    "build",
    "What the rows of each district in the working file were built from.",
    {
        "district_id": _DISTRICT,
        "build_key": Column("varchar", "Its build key; empty while the rows may be half built.", required=True),
    },
    "district",
)

SUBGROUP_COLUMN = _control(
    "subgroup_column",
    "How subgroups are read: one row per subgroup of a district and source that it is read from.",
    {
        "district_id": _DISTRICT,
        "subgroup": Column("varchar", "Name of the subgroup.", required=True),
        "subgroup_label": Column("varchar", "Its name as reports show it.", required=True),
        "source": Column("varchar", "Where it is read: file, roster_metadata or demographics.", required=True),
        "source_column": Column("varchar", "The column as a clerk sees it: ell, metadata.ell, demographics.sex.", required=True),
        "is_open": Column("boolean", "Whether values that nobody listed are taken as they are.", required=True),
        "blank_value": Column("varchar", "What a blank cell means.", required=True),
        "sensitivity": Column("varchar", "How its values are protected.", required=True),
        "is_on_student_pages": Column("boolean", "Whether pages may show it student by student.", required=True),
        "essa_group": Column("varchar", "The group of ESSA's report cards that it belongs to; null for none."),
        "subgroup_order": Column("integer", "Its place in the order that all districts share.", required=True),
        "display_order": Column("integer", "Its place among the subgroups of the district.", required=True),
        "precedence": Column("integer", "Order of the sources; the first that has a value wins.", required=True),
    },
    "run",
)

SUBGROUP_VALUE = _control(
    "subgroup_value",
    "The known values of those subgroups.",
    {
        "district_id": _DISTRICT,
        "subgroup": Column("varchar", "Name of the subgroup.", required=True),
        "raw_key": Column("varchar", "What the cell says, compared trimmed and without regard to case.", required=True),
        "value": Column("varchar", "What it means.", required=True),
        "value_label": Column("varchar", "What the catalogue of standard subgroups calls it; null for its own words."),
        "is_member": Column("boolean", "Whether that is being in the group; null where the subgroup is open."),
        "display_order": Column("integer", "Its place among the values.", required=True),
    },
    "run",
)

REPORT_BAND = _control(
    "report_band",
    "The performance bands of districts that have some.",
    {
        "district_id": _DISTRICT,
        "band": Column("varchar", "Name of the band.", required=True),
        "band_order": Column("integer", "Its place among the bands, from 1; the lowest comes first.", required=True),
        "band_floor": Column("double", "The lowest percent that lies in it.", required=True),
    },
    "run",
)

REPORT_PAIR = _control(
    "report_pair",
    "Pairs of subgroups whose students are counted together. A pair stands once, and is read both ways.",
    {
        "district_id": _DISTRICT,
        "subgroup": Column("varchar", "Name of a subgroup.", required=True),
        "with_subgroup": Column("varchar", "Name of the other one.", required=True),
    },
    "run",
)

RUN_DELIVERY = _control(
    "run_delivery",
    "The deliveries that the checks look at now, and the roster that each subgroup file is matched against.",
    {
        "district_id": _DISTRICT,
        "delivery_id": _DELIVERY,
        "feed": Column("varchar", "roster or subgroups.", required=True),
        "roster_delivery_id": Column("varchar", "The roster that it is matched against or compared with."),
        "match_field": Column("varchar", "What of users.csv the ids of a subgroup file are matched against."),
        "delta_tables": Column("varchar", "Its tables that hold changes only, comma separated."),
        "oneroster_version": Column("varchar", "The version of OneRoster that a roster was read as."),
    },
    "run",
)

LANDED_DELIVERY = _control(
    "landed_delivery",
    "The deliveries whose rows are in `raw`.",
    {
        "delivery_id": _DELIVERY,
        "settings_version": Column("integer", "Version of the settings that they were read with.", required=True),
        "landing_version": Column("integer", "How landing read them (LANDING_VERSION)."),
    },
    "delivery",
)

LANDED_HEADER = _control(
    "landed_header",
    "Headers of roster files that subgroups may be read from: a column that is not in the file is not blank.",
    {
        "delivery_id": _DELIVERY,
        "file_name": Column("varchar", "users.csv or demographics.csv.", required=True),
        "header": Column("varchar", "Name of a column, in canonical form.", required=True),
    },
    "delivery",
)

JUDGE_AGAIN = _control(
    "judge_again",
    "Live deliveries that were landed again under newer settings, until they are judged again.",
    {"delivery_id": _DELIVERY},
    "verdict",
)

HELD_BACK = _control(
    "held_back",
    "Live deliveries that the settings do not fit: their district keeps what is published.",
    {"delivery_id": _DELIVERY},
    "verdict",
)

JUDGED_FEED = _control(
    "judged_feed",
    "The delivery of each district and feed that was judged last, and the run that judged it.",
    {
        "district_id": _DISTRICT,
        "feed": Column("varchar", "roster or subgroups.", required=True),
        "delivery_id": _DELIVERY,
        "run_id": Column("varchar", "The run of Dagster.", required=True),
    },
    "delivery",
)

CHECK_FAILURE = _control(
    "check_failure",
    "What the checks found in those deliveries, in counts, for Dagster.",
    {
        "delivery_id": _DELIVERY,
        "table_name": Column("varchar", "The raw table.", required=True),
        "family": Column("varchar", "The family of the code.", required=True),
        "code": Column("varchar", "A code of docs/error-codes.md.", required=True),
        "failing_rows": Column("bigint", "Rows that fail.", required=True),
    },
    "delivery",
)

FAILED_TEST = _control(
    "failed_test",
    "The data tests of the models that a district failed when it was built last.",
    {"district_id": _DISTRICT, "test_name": Column("varchar", "Name of the test.", required=True)},
    "district",
)

CONTROL_TABLES = (
    RUN_SCOPE,
    BUILD,
    SUBGROUP_COLUMN,
    SUBGROUP_VALUE,
    REPORT_BAND,
    REPORT_PAIR,
    RUN_DELIVERY,
    LANDED_DELIVERY,
    LANDED_HEADER,
    JUDGE_AGAIN,
    HELD_BACK,
    JUDGED_FEED,
    CHECK_FAILURE,
    FAILED_TEST,
)
