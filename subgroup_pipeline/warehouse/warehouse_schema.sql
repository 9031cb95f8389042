-- The warehouse's own tables: what landing fills (raw) and what the build reads (control). Everything else is made by dbt.
-- Every OneRoster table is made from oneroster_v1p1_columns.yml by warehouse.py, in the same shape as raw.subgroup_row:
-- district_id, delivery_id, file_name, landed_at, then the file's columns verbatim as VARCHAR, then metadata MAP.
create schema if not exists raw;
create schema if not exists control;

-- One row a line of a subgroup file. `cells` holds the configured columns only, keyed by canonical header.
create table if not exists raw.subgroup_row (
    district_id varchar not null,
    delivery_id varchar not null,
    file_name varchar not null,
    landed_at timestamp not null,
    student_id varchar,
    cells map(varchar, varchar)
);

-- Rows that screening set aside: why, where, and the beginning of their text (null where the file has columns that are never
-- landed and the row's cells cannot be told apart).
create table if not exists raw.set_aside_row (
    district_id varchar not null,
    delivery_id varchar not null,
    file_name varchar not null,
    line integer not null,
    code varchar not null,
    text varchar
);

-- The districts that this run builds, with the deliveries and settings it builds them from.
create table if not exists control.run_scope (
    district_id varchar not null,
    district_name varchar not null,
    roster_delivery_id varchar not null,
    subgroup_delivery_id varchar,
    roster_received_at timestamp not null,
    subgroup_received_at timestamp,
    as_of_date date not null,
    match_field varchar,
    build_key varchar not null,
    built_at timestamp not null
);

-- The build key that each district's mart rows were made from.
create table if not exists control.build (
    district_id varchar not null,
    build_key varchar not null
);

-- How subgroups are read: one row a configured column of a district and source that it is read from, in order of precedence.
-- source_column is what a clerk sees: ell, metadata.ell, demographics.sex.
create table if not exists control.subgroup_column (
    district_id varchar not null,
    subgroup varchar not null,
    subgroup_label varchar not null,
    source varchar not null,
    source_column varchar not null,
    is_open boolean not null,
    blank_value varchar not null,
    sensitivity varchar not null,
    display_order integer not null
);
-- Since subgroups may be in the roster; the table is written in every run.
alter table control.subgroup_column add column if not exists precedence integer default 1;

-- The known values of those columns; raw_key is compared trimmed and without regard to case. is_member: whether the value
-- means being in the group; null where the column is open.
create table if not exists control.subgroup_value (
    district_id varchar not null,
    subgroup varchar not null,
    raw_key varchar not null,
    value varchar not null,
    display_order integer not null
);
alter table control.subgroup_value add column if not exists is_member boolean;

-- The deliveries that the checks of this run look at, and the roster each subgroup delivery is matched against.
create table if not exists control.run_delivery (
    district_id varchar not null,
    delivery_id varchar not null,
    feed varchar not null,
    roster_delivery_id varchar,
    match_field varchar
);

-- Tables of the delivery that hold changes only, comma separated.
alter table control.run_delivery add column if not exists delta_tables varchar;

-- The deliveries whose rows are in raw, and the settings version they were read with.
create table if not exists control.landed_delivery (
    delivery_id varchar not null,
    settings_version integer not null
);
-- How landing read them (land.LANDING_VERSION); null before it was noted.
alter table control.landed_delivery add column if not exists landing_version integer;

-- The headers of roster files that subgroups may be read from, in canonical form: a column that is not in the file is not blank.
create table if not exists control.landed_header (
    delivery_id varchar not null,
    file_name varchar not null,
    header varchar not null
);

-- Live deliveries landed again under newer settings, until they are judged again.
create table if not exists control.judge_again (
    delivery_id varchar not null
);

-- Live deliveries that cannot be used as things stand (settings that their file does not fit): their district keeps what
-- is published.
create table if not exists control.held_back (
    delivery_id varchar not null
);

-- The delivery of each district and feed that was judged last, and the run that judged it.
create table if not exists control.judged_feed (
    district_id varchar not null,
    feed varchar not null,
    delivery_id varchar not null,
    run_id varchar not null
);

-- What the checks found in those deliveries, in counts, for Dagster.
create table if not exists control.check_failure (
    delivery_id varchar not null,
    table_name varchar not null,
    family varchar not null,
    code varchar not null,
    failing_rows bigint not null
);
-- Held totals of one run; the two tables above took its place.
drop table if exists control.check_family;

-- The data tests of the models that a district failed when it was built last.
create table if not exists control.failed_test (
    district_id varchar not null,
    test_name varchar not null
);
