"""The suites of `expectations/` as data: their checks, finding codes and severities, and the session that their SQL speaks to.

Read from GX's own JSON without importing GX, so that Dagster can name its checks for free. Adding an expectation to a
file there is all that adding a check takes; its `meta` says `check` (a name unique in its table), `code`, `column`,
`what`, and `also` for further codes that the same query answers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from subgroup_pipeline.errors import SubgroupsError
from subgroup_pipeline.landing.delta import CARRIED_OVER
from subgroup_pipeline.landing.oneroster import RosterTable, roster_tables
from subgroup_pipeline.landing.rule_sql import rules
from subgroup_pipeline.landing.warehouse import LINEAGE, RAW_TABLES
from subgroup_pipeline.registry.findings import MOST_ROWS
from subgroup_pipeline.settings import Settings, bundled

SEVERITIES = ("info", "warning", "critical")
"""From the mildest to the worst: of no effect on a count; a value is missing or doubtful; the row cannot be used."""

_KEYS_OF_A_RUN, _FEWEST_KEYS = 500_000, 100
"""Keys that one rule may name over all deliveries of a run, and those that a delivery may always name."""

OWN_TYPE = "expect_no_violations_by_delivery"


class ExpectationFileError(SubgroupsError):
    """A suite in `expectations/` is not what the pipeline can run; the message names the file and the mend."""


@dataclass(frozen=True)
class Rule:
    """What failing rows of one finding code are: the column at fault, how bad it is, and a sentence without values."""

    code: str
    column: str
    severity: str
    what: str


@dataclass(frozen=True)
class Check:
    """One expectation. `description` says what holds when it passes; `rules` what failing rows are, `also` after `meta`."""

    table: str
    name: str
    type: str
    kwargs: dict[str, Any] = field(hash=False)
    rules: tuple[Rule, ...]
    description: str

    @property
    def severity(self) -> str:
        """The expectation's own severity (that of its first rule)."""
        return self.rules[0].severity

    def rule(self, code: str | None) -> Rule | None:
        """The rule of a code, the first one for None, or None when the check does not know the code."""
        return self.rules[0] if code is None else next((rule for rule in self.rules if rule.code == code), None)


class CheckFamily(NamedTuple):
    """The rules of one kind on one table, for one asset check: a check an expectation would cost 15 ms each."""

    table: str
    family: str
    codes: tuple[str, ...]
    description: str


_FAMILIES = {
    "KEY": "keys", "REF": "references", "VOC": "vocabulary", "DAT": "dates", "DUP": "duplicates", "REQ": "required_values",
    "LST": "lists", "DLT": "bulk_and_delta", "ENR": "enrollment", "SUB": "subgroups",
}  # fmt: skip


def suite_names() -> list[str]:
    """Tables that have a suite, parents before children. Raises ExpectationFileError for a file that names no raw table."""
    found = {path.stem for path in bundled("expectations").glob("*.json")}
    if unknown := sorted(found - set(RAW_TABLES)):
        raise ExpectationFileError(
            f"expectations/{unknown[0]}.json: there is no raw table of that name. Name the file after one of "
            f"{', '.join(RAW_TABLES)}."
        )
    return [table for table in RAW_TABLES if table in found]


def family_of(code: str) -> str:
    """The family of a finding code, by its letters."""
    return _FAMILIES.get(code[:3], code[:3].lower())


def check_families() -> list[CheckFamily]:
    """The families of every suite, in order. Raises ExpectationFileError when a suite is malformed."""
    families = []
    for table in suite_names():
        checks = checks_of(table)
        codes = sorted({rule.code for check in checks for rule in check.rules})
        for family in dict.fromkeys(family_of(code) for code in codes):
            said = [check.description for check in checks if any(family_of(rule.code) == family for rule in check.rules)]
            of_family = tuple(code for code in codes if family_of(code) == family)
            families.append(CheckFamily(table, family, of_family, ". ".join(said) + f" ({', '.join(of_family)})."))
    return families


def checks_of(table: str) -> list[Check]:
    """The checks of one table, in the order of its file.

    Raises ExpectationFileError when there is no such file, a key of `meta` is missing, or a name stands twice.
    """
    checks: list[Check] = []
    for position, expectation in enumerate(suite_json(table)["expectations"], start=1):
        check = _check(table, position, expectation)
        if any(check.name == other.name for other in checks):
            raise ExpectationFileError(f"expectations/{table}.json: two expectations have the name {check.name}")
        checks.append(check)
    return checks


def suite_json(table: str) -> dict[str, Any]:
    """The suite as GX reads it. Raises ExpectationFileError when the file is missing or is not a suite."""
    path = _path(table)
    try:
        suite: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ExpectationFileError(f"expectations/{path.name} does not exist, so {table} cannot be checked") from None
    except json.JSONDecodeError as error:
        raise ExpectationFileError(f"expectations/{path.name} is not JSON: {error}") from None
    if not isinstance(suite, dict) or suite.get("name") != table or not isinstance(suite.get("expectations"), list):
        raise ExpectationFileError(f'expectations/{path.name} must hold {{"name": "{table}", "expectations": [...]}}')
    return suite


def without_values(error: object) -> str:
    """Say what DuckDB said, where that can only name tables, columns, files and syntax; else the kind of error alone.

    DuckDB quotes the cell in a conversion error, and that must reach no log (design 2.12).
    """
    first_line = str(error).partition("\n")[0]
    kind = first_line.partition(":")[0]
    is_harmless = kind in {"Binder Error", "Catalog Error", "Parser Error", "IO Error", "Connection Error"}
    return first_line if is_harmless or kind == first_line else kind


def _path(table: str) -> Path:
    return bundled("expectations") / f"{table}.json"


def _check(table: str, position: int, expectation: dict[str, Any]) -> Check:
    try:
        meta = expectation["meta"]
        first = {"severity": expectation["severity"], **{key: meta[key] for key in ("code", "column", "what")}}
        rules = tuple(
            Rule(code=rule["code"], column=rule["column"], severity=rule["severity"], what=rule["what"])
            for rule in [first, *meta.get("also", [])]
        )
        check = Check(table, meta["check"], expectation["type"], expectation["kwargs"], rules, expectation["description"])
    except KeyError as error:
        raise ExpectationFileError(
            f"expectations/{table}.json: expectation {position} has no {error}. Each needs type, kwargs, severity, "
            "description and meta with check, code, column and what."
        ) from None
    if wrong := [rule.severity for rule in check.rules if rule.severity not in SEVERITIES]:
        raise ExpectationFileError(
            f"expectations/{table}.json: {check.name} has the severity {wrong[0]!r}; it must be one of {', '.join(SEVERITIES)}"
        )
    return check


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
    home, rule = settings.paths, rules()
    macros = [f"create macro {name}({', '.join(said)}) as {getattr(rule, name)(*said)}" for name, said in _RULES.items()]
    keys = "select * from warehouse.control.run_delivery where feed = 'subgroups'"
    return [
        f"set memory_limit = {_text(settings.memory_limit)}",
        f"set threads = {settings.threads}",
        f"set temp_directory = {_text(home.scratch)}",
        "set preserve_insertion_order = false",
        "set autoinstall_known_extensions = false",
        "set autoload_known_extensions = false",
        f"attach {_text(home.raw_database)} as warehouse (read_only)",
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


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
