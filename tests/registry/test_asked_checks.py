"""Asking for a check: one at a time, whoever asks, in both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from subgroup_pipeline.registry.asked_checks import ask_check, note_started, waiting_checks
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.nights import note_ended


def test_of_many_who_ask_at_once_one_asks(registry: Registry) -> None:
    with ThreadPoolExecutor(12) as threads:
        for _ in range(2):  # the first check of a district, and one after another ended
            answers = list(threads.map(lambda _: ask_check(registry, "alpha", by="data@alpha.example"), range(12)))
            assert answers.count(True) == 1
            assert [asked.district_id for asked in waiting_checks(registry)] == ["alpha"]
            note_started(registry, ["alpha"], datetime.now(UTC))
            assert not ask_check(registry, "alpha", by="data@alpha.example"), "its run is under way"
            note_ended(registry, "run", "nothing new")
