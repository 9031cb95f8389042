"""The hour of the night: what Dagster would take, and words for what can never be."""

from __future__ import annotations

import pytest
from dagster._utils.schedules import is_valid_cron_schedule

from subgroup_pipeline.cron import as_cron


@pytest.mark.parametrize(
    ("text", "cron"),
    [
        ("03:00", "0 3 * * *"),
        ("4:05", "5 4 * * *"),
        ("*/15 2-4 * * MON-FRI", "*/15 2-4 * * MON-FRI"),
        ("0 3 1,15 jan,jul *", "0 3 1,15 jan,jul *"),
        ("0 3 29 2 *", "0 3 29 2 *"),
        ("30 1-23/2 * * 7", "30 1-23/2 * * 7"),
    ],
)
def test_what_can_be_is_taken_and_dagster_takes_it(text: str, cron: str) -> None:
    assert as_cron(text) == cron
    assert is_valid_cron_schedule(cron)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("25:00", "hour"),
        ("03:75", "minute"),
        ("0 3 31 2 *", "never comes"),
        ("0 3 31 4,6 *", "never comes"),
        ("99 99 * * *", "minute: it goes from 0 to 59"),
        ("0 3 * 13 *", "month"),
        ("0 3 0 * *", "day of the month"),
        ("0 3 * * someday", "day of the week"),
        ("*/0 3 * * *", "minute"),
        ("at night", "HH:MM"),
        ("0 5-3 * * *", "hour"),
    ],
)
def test_what_cannot_be_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        as_cron(text)
