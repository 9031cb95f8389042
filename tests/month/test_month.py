"""A sample of a month; `python -m tests.month` lives through a whole one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.month.simulation import simulate

pytestmark = pytest.mark.torture


def test_five_nights_of_eight_districts(tmp_path: Path) -> None:
    said: list[str] = []
    outcome = simulate(tmp_path / "home", districts=8, nights=5, seed=7, say=said.append)
    assert outcome.faults == []
    assert outcome.wrong_cells == 0
    assert outcome.nights == 5
    assert outcome.kills, "no night was killed: this machine's nights differ in length more than the test allows for"
    assert outcome.cells > 500
    assert outcome.verdicts["accepted"] + outcome.verdicts["accepted_with_rows_set_aside"] > 10
