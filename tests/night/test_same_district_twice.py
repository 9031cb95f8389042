"""Random districts, delivered as roster + subgroup file and then as roster with metadata columns: the marts are the same.

What the second roster carries is what the oracle read in the subgroup file: a student whose row counted has the cells, every
other student has none. Lineage (deliveries, sources, times) is all that may differ.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from tests.oracle.random_district import RandomDistrict, random_district
from tests.oracle.recompute import recompute
from tests.support.installation import Installation, installation_in

pytestmark = pytest.mark.slow

SEEDS = {f"twin{number:02}": 20_263_000 + number for number in range(16)}
LINEAGE = {
    "dim_district": "subgroup_delivery_id, roster_delivery_id, subgroup_received_at, roster_received_at, published_at",
    "dim_subgroup": "source_column",
    "fct_student_subgroup": "source, delivery_id, received_at",
}
MARTS = (
    "dim_district", "dim_school", "dim_course", "dim_student", "dim_subgroup", "fct_enrollment", "fct_student_school",
    "fct_student_subgroup", "rpt_district_subgroup", "rpt_school_subgroup", "rpt_course_subgroup", "rpt_student_subgroup",
)  # fmt: skip
Tables = dict[str, dict[str, list[str]]]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tables, Tables, Installation]]:
    with installation_in(tmp_path_factory.mktemp("twins") / "home") as installation:
        made = {district: random_district(Random(seed), district) for district, seed in SEEDS.items()}  # noqa: S311
        made = {district: one for district, one in made.items() if one.subgroup_text is not None and not _is_held(one)}
        for district, one in made.items():
            installation.apply(one.settings_yaml())
            installation.drop(district, "roster", one.roster)
            installation.drop(district, "subgroups", {"subgroups.csv": one.subgroup_text or ""})
        installation.night()
        by_file = _marts(installation, list(made))
        for number, (district, one) in enumerate(made.items()):
            settings, roster = _with_metadata(one, is_dotted=bool(number % 2))
            installation.apply(json.dumps(settings, ensure_ascii=False))
            installation.drop(district, "roster", roster)
        installation.night()
        yield by_file, _marts(installation, list(made)), installation


def _is_held(one: RandomDistrict) -> bool:
    """Whether so much of the subgroup file is set aside that a person has to look at it; the roster has no such rows."""
    file = recompute(one.settings, one.roster, one.subgroup_text, datetime(2026, 11, 3, tzinfo=UTC)).file
    return file is not None and file.is_held


def _marts(installation: Installation, districts: list[str]) -> Tables:
    tables: Tables = {}
    for mart in MARTS:
        exclude = f"exclude ({LINEAGE[mart]})" if mart in LINEAGE else ""
        rows: dict[str, list[str]] = {district: [] for district in districts}
        for row in installation.ask(f"select district_id, * {exclude} from marts.{mart}"):
            rows[row[0]].append(repr(row))
        tables[mart] = {district: sorted(found) for district, found in rows.items()}
    return tables


def _with_metadata(one: RandomDistrict, *, is_dotted: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """The district with its subgroup file moved into the roster, and settings that read it from there.

    A column whose blank means something goes to demographics.csv, where students can be absent; the others to users.csv.
    """
    old = one.settings["subgroups"]
    expected = recompute(one.settings, one.roster, one.subgroup_text, datetime(2026, 11, 3, tzinfo=UTC))
    assert expected.file is not None
    cells = {student: expected.file.cells[key] for student, key in expected.student_numbers.items() if key in expected.file.cells}
    given = {subgroup for of_student in cells.values() for subgroup in of_student}
    prefix = "edu.shared." if is_dotted else ""
    columns = {name: {key: value for key, value in c.items() if key != "aliases"} for name, c in old["columns"].items()}
    headers: dict[bool, dict[str, str]] = {True: {}, False: {}}
    for number, (name, column) in enumerate(columns.items()):
        if is_dotted:
            column["from"] = f"metadata.EDU.Shared.{name.replace('_', '-')}"
        if column["subgroup"] in given or "optional" not in column:
            header = f"metadata.{prefix}{name}"
            headers["blank" in column][column["subgroup"]] = header.upper() if number % 2 else f" {header.replace('_', ' ')}"
    sections = {**{key: old[key] for key in ("matches",)}, "sources": ["roster_metadata"], "columns": columns}
    roster = dict(one.roster)
    users = list(csv.reader(io.StringIO(roster["users.csv"].removeprefix("\ufeff"), newline="")))
    rows = [[*users[0], *headers[False].values()]]
    rows += [[*row, *(cells.get(row[0], {}).get(s, ("", ""))[1] for s in headers[False])] for row in users[1:]]
    roster["users.csv"] = _text(rows)
    if headers[True]:
        demographics = [["sourcedId", "sex", *headers[True].values()]]
        demographics += [[student, "", *(of[s][1] for s in headers[True])] for student, of in cells.items()]
        roster["demographics.csv"] = _text(demographics)
        roster["manifest.csv"] = (
            roster["manifest.csv"]
            .replace("demographics,absent", "demographics,bulk")
            .replace('"file.demographics","absent"', '"file.demographics","bulk"')
        )
    return {**one.settings, "subgroups": sections}, roster


def _text(rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def test_every_second_roster_is_what_was_published(nights: tuple[Tables, Tables, Installation]) -> None:
    _, by_metadata, installation = nights
    for district, rows in by_metadata["dim_district"].items():
        assert len(rows) == 1, district
        newest = installation.deliveries(district, "roster")[-1]
        assert newest["state"] == "published", (district, newest["findings"])
        assert {d["state"] for d in installation.deliveries(district, "roster")[:-1]} == {"superseded"}
    sources = {row[0] for row in installation.ask("select distinct source from marts.fct_student_subgroup")}
    assert sources == {"roster", "roster_metadata"}
    assert installation.ask("select * from marts.dim_district where subgroup_delivery_id is not null") == []


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_is_the_same_from_metadata_columns_as_from_a_subgroup_file(
    nights: tuple[Tables, Tables, Installation], mart: str
) -> None:
    by_file, by_metadata, _ = nights
    assert by_metadata[mart] == by_file[mart]
    assert any(by_file[mart].values())


def test_unmapped_values_are_as_many_as_the_oracle_saw(nights: tuple[Tables, Tables, Installation]) -> None:
    installation = nights[2]
    for district, seed in SEEDS.items():
        one = random_district(Random(seed), district)  # noqa: S311
        if one.subgroup_text is None or _is_held(one):
            continue
        expected = recompute(one.settings, one.roster, one.subgroup_text, datetime(2026, 11, 3, tzinfo=UTC))
        found = installation.deliveries(district, "roster")[-1]["findings"]
        unmapped = sum(finding["count"] for finding in found if finding["code"] == "SUB506")
        assert expected.file is not None
        assert unmapped == expected.file.unmapped, district
