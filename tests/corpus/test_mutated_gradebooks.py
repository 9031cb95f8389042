"""Gradebook files with bytes and cells changed at random: whatever stands in them, the roster is accepted, with its rows."""

from __future__ import annotations

import os
import random

import pytest

from subgroup_pipeline.findings.catalogue import severity_of
from subgroup_pipeline.warehouse.oneroster import gradebook_files
from tests.corpus.test_mutations import mutated
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.place import Place

pytestmark = pytest.mark.slow
SEED = int(os.environ.get("SUBGROUPS_MUTATION_SEED", "20261123"))
DISTRICTS = 40
ROSTER = small.graded_roster()
CELLS = [
    "",
    "inf",
    "-1",
    "1e99",
    "9" * 400,
    "B+",
    "tobedeleted",
    "Withdrawn",
    "graded",
    "s001",
    "quiz0",
    "class1",
    "a,b",
    "\u200b",
    "x" * 300,
]


def _with_other_cells(dice: random.Random, text: str) -> str:
    """The text with some cells, rows and columns that are another's."""
    rows = [line.split(",") for line in text.splitlines()]
    for _ in range(dice.randint(1, 30)):
        row = dice.choice(rows[1:])
        row[dice.randrange(len(row))] = f'"{dice.choice(CELLS)}"'
    rows += dice.choices(rows[1:], k=dice.randrange(9))
    return "\n".join(",".join(row) for row in rows) + "\n"


def test_nothing_in_a_gradebook_keeps_a_roster_out(place: Place) -> None:
    dice = random.Random(SEED)  # noqa: S311 - repeatable on purpose
    deliveries = []
    for number in range(DISTRICTS):
        district = place.add(f"d{number}", more="publish_when: clean\n" if number % 2 else "")
        files: dict[str, str | bytes] = {**ROSTER}
        for name in gradebook_files():
            if number % 4:
                files[name] = _with_other_cells(dice, ROSTER[name])
            else:
                files[name] = mutated(dice, ROSTER[name].encode())
        deliveries.append(place.deliver("roster", {"roster.zip": zip_of(files)}, district))
    place.judge()
    for delivery_id in deliveries:
        delivery = place.delivery(delivery_id)
        codes = {finding.code for finding in delivery.findings}
        assert delivery.verdict in ("accepted", "accepted_with_rows_set_aside"), (SEED, delivery.district_id, codes)
        assert {severity_of(code) for code in codes} <= {"error", "warning", "info"}
    counts = place.ask("select count(*) from raw.users group by delivery_id")
    assert counts == [(10,)] * DISTRICTS
    said = {finding.code for delivery_id in deliveries for finding in place.delivery(delivery_id).findings}
    assert {"GRD602", "GRD614", "GRD621", "GRD625"} <= said, "the seed breaks what it should"
