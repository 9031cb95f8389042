"""`docs/roster-rules.md` names every rule, and what it says of codes, severities and checks is what the suites say."""

from __future__ import annotations

import re
from pathlib import Path

from subgroup_pipeline.findings.catalogue import severity_of
from subgroup_pipeline.quality.expectations import checks_of
from subgroup_pipeline.warehouse.oneroster import roster_tables

PAGE = Path(__file__).parents[2] / "docs" / "roster-rules.md"
TABLES = [table.name for table in roster_tables().values()]


def _lines() -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text().splitlines()
        if re.match(r"\| \d", line)
    ]


def test_every_content_rule_of_the_list_is_there() -> None:
    numbers = {int(number) for rule, *_ in _lines() for number in rule.split(",")}
    assert numbers == set(range(22, 58))


def test_severities_are_those_of_the_catalogue() -> None:
    for _, _, codes, severities, _ in _lines():
        said = [severity_of(code.strip()) for code in codes.split(",") if code != "none"]
        assert list(dict.fromkeys(said)) == [one.strip() for one in severities.split(",") if one]


def test_the_table_and_the_suites_name_the_same_checks_of_each_code() -> None:
    in_suites: dict[str, set[str]] = {}
    for table in TABLES:
        for check in checks_of(table):
            for rule in check.rules:
                in_suites.setdefault(rule.code, set()).add(f"{table}/{check.name}")
    in_table: dict[str, set[str]] = {}
    for _, _, code, _, where in _lines():
        if where.startswith("every suite: "):
            name = where.removeprefix("every suite: ")
            in_table[code] = {f"{table}/{name}" for table in TABLES}
        elif "/" in where and not where.endswith(".py"):
            in_table[code] = set(where.split(", "))
    assert in_table == in_suites
