"""The session that the SQL of checks and guards speaks to: the warehouse read-only, and schema `checks` in memory.

Rules about rows and cells are the models' own (`warehouse.rule_sql`); here stand only forms that nobody but checks asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import MOST_ROWS
from subgroup_pipeline.landing.delta import CARRIED_OVER
from subgroup_pipeline.warehouse.duckdb_files import attach, limits
from subgroup_pipeline.warehouse.oneroster import roster_tables
from subgroup_pipeline.warehouse.raw_tables import LINEAGE
from subgroup_pipeline.warehouse.rule_sql import rules
from subgroup_pipeline.warehouse.sql_text import literal

if TYPE_CHECKING:
    from subgroup_pipeline.settings import Settings
    from subgroup_pipeline.warehouse.oneroster import RosterTable

_KEYS_OF_A_RUN, _FEWEST_KEYS = 500_000, 100
"""Keys that one rule may name over all deliveries of a run, and those that a delivery may always name."""

_RULES = {
    "trimmed": ("word",),
    "date_of": ("word",),
    "truth_of": ("word",),
    "is_guid": ("word",),
    "is_usable_key": ("word",),
    "row_counts": ("status",),
    "is_active_student": ("role", "enabled", "status"),
    "user_id_of_type": ("cell", "kind"),
}
"""Rules of the models that the suites and the guards use as functions, with their arguments."""

_KEY_LISTS = """
-- Keys of failing rows, to find their lines by; fewer of each delivery when a run has many, so that memory stays bounded.
create macro first_keys(k) as min(k, getvariable('most_keys'));
-- The same of groups, each with the list of its keys (min(k, n) reserves room for n keys in every group).
create macro keys_of_groups(some_keys) as list_sort(list_distinct(flatten(list(some_keys))))[:getvariable('most_keys')];
"""

_MOST_KEYS = f"""
set variable most_keys = (
    select greatest({_FEWEST_KEYS}, least({MOST_ROWS}, {_KEYS_OF_A_RUN} // greatest(count(*), 1)))
    from warehouse.control.run_delivery)
"""

_SPOILED_CELLS = r"""
-- What Excel makes of a cell: a long number in scientific notation, an error, a column too narrow, a date (1-Jan, Jan-01).
create macro is_scientific(s) as regexp_full_match(s, '[0-9]([.,][0-9]+)?[eE]\+[0-9]+');
create macro is_excel_wreck(s) as regexp_full_match(
    s, '#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!)|##+|[0-9]{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-[0-9]{2}');
-- A character that nobody sees: zero width, direction marks, controls, a space inside that is no plain space.
create macro has_invisible(s) as regexp_matches(s, '[\p{Cf}\p{Cc}\x{a0}\x{2000}-\x{200a}\x{202f}\x{3000}]');
"""

# How OneRoster 1.1 writes ids, lists and times. A cheap test stands before the regular expression where one settles most cells.
_FORMS = r"""
create macro is_utc_time(s) as s like '____-__-__T__:__:__%Z'
    and regexp_full_match(s, '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?Z');
create macro is_year(s) as regexp_full_match(s, '[0-9]{4}');
create macro is_list(s) as s = trimmed(s) and (not contains(s, ',')
    or not (s like ',%' or s like '%,' or contains(s, ',,') or contains(s, ', ') or contains(s, ' ,')));
create macro is_typed_ids(s) as
    s like '{_%:_%}' and not contains(s[2:], '{') and not contains(s, ' ')
    or regexp_full_match(trimmed(s), '\{[^:{},]+:[^{},]+\}(\s*,\s*\{[^:{},]+:[^{},]+\})*');
create macro is_grades(s) as
    s in ('IT', 'PR', 'PK', 'TK', 'KG', '01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12', '13', 'PS', 'UG',
        'Other')
    or list_has_all(
        ['IT', 'PR', 'PK', 'TK', 'KG', '01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12', '13', 'PS', 'UG',
            'Other'],
        list_transform(string_split(s, ','), lambda grade: trim(grade)));
"""

_SUBGROUP_ROW = """
create view checks.subgroup_row as
select s.*, r.roster_delivery_id from warehouse.raw.subgroup_row s join warehouse.control.run_delivery r using (delivery_id)
"""

# Schools, classes and people as enrollments and classes find them: whether the models leave their rows out (for a fault of
# their own, as one of two rows with one key, or with their school), and whether they count no more.
_PARENTS = """
create view checks.repeated_class as
select delivery_id, sourcedId from checks.classes where sourcedId is not null group by all having count(*) > 1;
create view checks.school as
select delivery_id, sourcedId, count(*) > 1 or count(fault) > 0 as is_set_aside
from checks.orgs where sourcedId is not null
group by all having bool_or(lower(type) = 'school' and not is_marked_gone);
create view checks.class_of_seat as
select c.delivery_id, c.sourcedId, bool_and(c.is_marked_gone) as is_gone, list(distinct c.schoolSourcedId) as schools,
    count(*) > 1 or count(c.fault) > 0 or bool_or(c.counts and coalesce(s.is_set_aside, true)) as is_set_aside
from checks.classes c left join checks.school s on s.delivery_id = c.delivery_id and s.sourcedId = c.schoolSourcedId
where c.sourcedId is not null group by all;
create view checks.user_of_seat as
select delivery_id, sourcedId, count(*) > 1 or count(fault) > 0 as is_set_aside,
    bool_and(is_marked_gone or truth_of(enabledUser) is not distinct from false) as is_gone,
    bool_or(lower(role) = 'student') as is_student,
    bool_or(lower(role) in ('teacher', 'aide', 'administrator', 'proctor')) as is_staff
from checks.users where sourcedId is not null group by all;
"""


def roster_keys(rosters: str) -> str:
    """SQL: what `student_id` is matched against in these rosters, one row per key (architecture, "The models").

    `rosters` gives delivery_id (a label), roster_delivery_id and match_field. A key has the lowest and the highest sourcedId
    of the active students that have it: null when it is of inactive students or other people only, different when ambiguous.
    """
    rule = rules()
    key = rule.match_key("r.match_field", "u.sourcedId", "u.identifier", "u.username", "u.userIds", "u.metadata")
    return f"""
with person as materialized (
    select
        r.delivery_id,
        u.sourcedId,
        {rule.is_active_student("u.role", "u.enabledUser", "u.status")} as is_active,
        {key} as key
    from {rosters} r join warehouse.raw.users u on u.delivery_id = r.roster_delivery_id
    where u.sourcedId is not null
)
select
    delivery_id,
    key,
    min(sourcedId) filter (is_active) as first_student,
    max(sourcedId) filter (is_active) as last_student
from person where key is not null group by all
"""


def session_statements(settings: Settings) -> list[str]:
    """SQL that makes the session: the warehouse attached read-only, and schema `checks` with a view per raw table.

    A view holds the rows of this run's deliveries (`control.run_delivery`). Beside the cells it has `status` in lower case
    (`status_as_written` as it came), `counts` and `is_marked_gone` (what the status says), `fault` (why the models leave the
    row out), and `is_change` (the row is of a file of changes, or of what one is applied to). All of it lives in memory, so
    nothing is written to the warehouse and no path enters GX's configuration.
    """
    rule = rules()
    macros = [f"create macro {name}({', '.join(said)}) as {getattr(rule, name)(*said)}" for name, said in _RULES.items()]
    keys = "select * from warehouse.control.run_delivery where feed = 'subgroups'"
    return [
        *(f"set {name} = {literal(value)}" for name, value in limits(settings).items()),
        "set preserve_insertion_order = false",
        attach("warehouse", settings.paths.raw_database, read_only=True),
        "create schema checks",
        _MOST_KEYS,
        *macros,
        _KEY_LISTS,
        _SPOILED_CELLS,
        _FORMS,
        *(_view(table) for table in roster_tables().values()),
        _SUBGROUP_ROW,
        _PARENTS,
        f"create view checks.roster_key as {roster_keys(f'({keys})')}",
    ]


def _view(table: RosterTable) -> str:
    """SQL of the view that the checks of one roster file read."""
    rule = rules()
    cells = ", ".join(f'r."{column}"' for column in table.landed_columns if column != "status")
    return f"""
        create view checks.{table.name} as
        select
            {", ".join(f"r.{column}" for column in LINEAGE)}, {cells}, r.metadata,
            lower(r.status) as status,
            r.status as status_as_written,
            {rule.row_counts("r.status")} as counts,
            coalesce({rule.is_marked_gone("r.status")}, false) as is_marked_gone,
            r.file_name = '{CARRIED_OVER}' or r.delivery_id in (
                select delivery_id from warehouse.control.run_delivery
                where list_contains(string_split(delta_tables, ','), '{table.name}')
            ) as is_change,
            {getattr(rule, f"fault_of_{table.name}")("r")} as fault
        from warehouse.raw.{table.name} r
        where r.delivery_id in (select delivery_id from warehouse.control.run_delivery)
    """
