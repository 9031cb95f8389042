"""Clocks that jump: what comes later is later, and a day is the district's own day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from subgroup_pipeline.build.scope import scope_row
from subgroup_pipeline.registry import ledger
from subgroup_pipeline.registry.ledger import UploadedFile, latest_delivery, live_deliveries
from subgroup_pipeline.registry.receiving import register_delivery
from tests.torture.homes import Bench, home_at
from tests.torture.invariants import not_converged

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
_DAY = 86_400


class _Clock:
    """Stands in for `datetime` in the ledger."""

    def __init__(self, *times: datetime) -> None:
        self._times = list(times)

    def now(self, _zone: object) -> datetime:
        return self._times.pop(0) if len(self._times) > 1 else self._times[0]


@pytest.mark.parametrize(
    "back", [timedelta(0), timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1), timedelta(days=400)]
)
def test_a_delivery_after_the_clock_was_set_back_is_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, back: timedelta
) -> None:
    """Ids and order go by the time of receipt: the delivery before stayed the live one, and the new one was lost."""
    monkeypatch.setenv("SUBGROUPS_HOME", str(tmp_path))
    with home_at(tmp_path) as home:
        home.add("alpha")
        monkeypatch.setattr(ledger, "datetime", _Clock(NOON, NOON - back))
        ids = []
        for number in range(3):
            with home.registry.begin() as session:
                delivery, is_new = register_delivery(
                    session, "alpha", "roster", sha256=f"{number}", content_sha256=f"{number}", proof="zip_crc",
                    files=[UploadedFile("roster.zip", f"{number}", 1)],
                )  # fmt: skip
                assert is_new
                for state in ("screened", "landed", "accepted"):
                    ledger.advance(session, delivery, state)
                ids.append(delivery.delivery_id)
        with home.registry.begin() as session:
            latest = latest_delivery(session, "alpha", "roster")
            assert latest is not None
            assert latest.delivery_id == ids[-1]
            assert live_deliveries(session, "roster")["alpha"].delivery_id == ids[-1]
        assert ids == sorted(ids)


@pytest.mark.torture
@pytest.mark.xdist_group("torture")
@pytest.mark.parametrize("shift", [-_DAY, -3600, _DAY])
def test_a_night_after_the_clock_jumped_publishes_what_came(bench: Bench, shift: int) -> None:
    _, _, after = bench.twin("two at once")
    with bench.home("two at once") as home:
        outcome = home.night(clock_shift=float(shift))
        assert outcome.is_good, outcome.errors
        assert not_converged(home.settings, after) == []
        assert home.night().is_good
        assert not_converged(home.settings, after) == []


def _as_of(received_at: str, zone: str = "America/Chicago") -> date:
    """The day that `as_of: delivery` means for a roster received then (UTC)."""
    settings: Any = SimpleNamespace(as_of="delivery", timezone=zone, name="A", subgroups=None)
    roster: Any = SimpleNamespace(received_at=datetime.fromisoformat(received_at).replace(tzinfo=UTC), delivery_id="1")
    district: Any = SimpleNamespace(settings=settings, district_id="alpha", version=1)
    return date.fromisoformat(scope_row(district, roster, None, None, NOON)["as_of_date"])


@pytest.mark.parametrize(
    ("received_at", "day"),
    [
        ("2026-03-08T05:59:59", "2026-03-07"),  # 23:59:59 standard time, the night before clocks go forward
        ("2026-03-08T06:00:00", "2026-03-08"),
        ("2026-03-08T07:59:59", "2026-03-08"),  # 01:59:59, then 03:00:00
        ("2026-03-08T08:00:00", "2026-03-08"),
        ("2026-03-09T04:59:59", "2026-03-08"),  # a day of 23 hours ends an hour of UTC earlier
        ("2026-03-09T05:00:00", "2026-03-09"),
        ("2026-11-01T04:59:59", "2026-10-31"),  # clocks go back: 01:30 comes twice
        ("2026-11-01T06:30:00", "2026-11-01"),
        ("2026-11-01T07:30:00", "2026-11-01"),
        ("2026-11-02T05:59:59", "2026-11-01"),  # a day of 25 hours
        ("2026-11-02T06:00:00", "2026-11-02"),
        ("2028-02-29T06:00:00", "2028-02-29"),
        ("2028-03-01T05:59:59", "2028-02-29"),
        ("2027-01-01T05:59:59", "2026-12-31"),
    ],
)
def test_as_of_is_the_local_day_of_receipt(received_at: str, day: str) -> None:
    assert _as_of(received_at) == date.fromisoformat(day)
