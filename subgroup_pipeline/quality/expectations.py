"""The suites of `expectations/` as data: their checks and finding codes. How grave a code is stands in the catalogue.

Read from GX's own JSON without importing GX, so that Dagster can name its checks for free. Adding a check takes an
expectation in a file there, whose `meta` says `check` (a name unique in its table), `code`, `column`, `what`, and `also` for
further codes that the same query answers; and the query, a file in `expectations/sql` that `kwargs` names. A rule of single
cells is no query: its file sets `faults` (and `only`), and one pass over the table answers all of them. A file may do both.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from subgroup_pipeline.errors import SubgroupsError
from subgroup_pipeline.settings import bundled
from subgroup_pipeline.warehouse import rule_sql
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TYPE = "expect_no_violations_by_delivery"
"""The one type of expectation that counts by delivery and names the keys of failing rows: `gx_duckdb` defines it."""


class ExpectationFileError(SubgroupsError):
    """A suite in `expectations/` is not what the pipeline can run; the message names the file and the mend."""


@dataclass(frozen=True)
class Rule:
    """What failing rows of one finding code are: the column at fault, and a sentence without values."""

    code: str
    column: str
    what: str


@dataclass(frozen=True)
class Check:
    """One expectation. `description` says what holds when it passes; `rules` what failing rows are, `also` after `meta`.

    `sql` is the file of its query, under `expectations/sql`.
    """

    table: str
    name: str
    sql: str
    rules: tuple[Rule, ...]
    description: str

    def rule(self, code: str | None) -> Rule | None:
        """The rule of a code, the first one for None, or None when the check does not know the code."""
        return self.rules[0] if code is None else next((rule for rule in self.rules if rule.code == code), None)


class RowRule(NamedTuple):
    """What the file `name` sets: (`<finding code> <column>`, condition in SQL), and the condition of the rows that are asked."""

    name: str
    faults: Sequence[tuple[str, str]]
    only: str


class CheckFamily(NamedTuple):
    """The rules of one kind on one table, for one asset check: a check an expectation would cost 15 ms each."""

    table: str
    family: str
    codes: tuple[str, ...]
    description: str


_FAMILIES = {
    "KEY": "keys", "REF": "references", "VOC": "vocabulary", "DAT": "dates", "DUP": "duplicates", "REQ": "required_values",
    "LST": "lists", "DLT": "bulk_and_delta", "ENR": "enrollment", "SUB": "subgroups", "GRD": "gradebook",
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


def check_query(name: str, *, batch: str, table: str) -> str:
    """The SQL of `expectations/sql/<name>` over the view of one table; empty where the file only sets `faults`."""
    query = rule_sql.query(_sql_folder(), name, batch=batch, table=table)
    return query if any(line.strip() and not line.startswith("--") for line in query.splitlines()) else ""


def row_rules(checks: Iterable[Check]) -> list[RowRule]:
    """Those of these checks which are rules of single cells. A file with a fault is none: its own check will say so."""
    from jinja2 import TemplateError

    rules = []
    for check in checks:
        with suppress(TemplateError):
            file = rule_sql.read(_sql_folder(), check.sql, batch="", table=check.table)
            if hasattr(file, "faults"):
                rules.append(RowRule(check.sql, file.faults, getattr(file, "only", "")))
    return rules


def _sql_folder() -> Path:
    return bundled("expectations") / "sql"


def _path(table: str) -> Path:
    return bundled("expectations") / f"{table}.json"


def _check(table: str, position: int, expectation: dict[str, Any]) -> Check:
    try:
        meta = expectation["meta"]
        rules = tuple(Rule(rule["code"], rule["column"], rule["what"]) for rule in [meta, *meta.get("also", [])])
        check = Check(table, meta["check"], expectation["kwargs"]["sql"], rules, expectation["description"])
    except KeyError as error:
        raise ExpectationFileError(
            f"expectations/{table}.json: expectation {position} has no {error}. Each needs type, kwargs with sql, "
            "description and meta with check, code, column and what."
        ) from None
    if expectation.get("type") != TYPE:
        raise ExpectationFileError(
            f"expectations/{table}.json: {check.name} is of the type {expectation.get('type')}, whose result is for all "
            f"deliveries at once. Write it as {TYPE}, with a query that counts by delivery."
        )
    if not (_sql_folder() / check.sql).is_file():
        raise ExpectationFileError(f"expectations/{table}.json: {check.name} names {check.sql}, which is not in expectations/sql")
    return check
