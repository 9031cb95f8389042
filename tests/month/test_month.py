"""A sample of a month; `python -m tests.month` lives through a whole one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.month.simulation import simulate

pytestmark = pytest.mark.slow


def test_four_nights_of_three_districts_around_a_month_s_end(tmp_path: Path) -> None:
    said: list[str] = []
    outcome = simulate(tmp_path / "home", districts=3, nights=4, seed=244, say=said.append)
    assert outcome.faults == []
    assert outcome.wrong_rows == 0
    assert outcome.nights == 4
    assert outcome.kills, "no night was killed: this machine's nights differ in length more than the test allows for"
    assert outcome.rows > 2_000
    assert outcome.rollbacks
    assert outcome.settings_changes
    assert outcome.decided["taken back"]
    assert outcome.verdicts["accepted"] + outcome.verdicts["accepted_with_rows_set_aside"] > 10
