"""One case, from the kill to the night after which everything must be as if it had never been."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.torture.cases import Crash
from tests.torture.homes import Bench, TortureHome
from tests.torture.invariants import State, differences, ledger_states, not_converged, shown, torn


@dataclass
class Endured:
    """What came of a case. No faults: everything held. `kills` counts the nights that SIGKILL ended."""

    crash: Crash
    kills: int = 0
    faults: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def endure(bench: Bench, crash: Crash) -> Endured:
    """Kill a night, look at what readers see, perhaps kill the next one too, and let the last one run to its end."""
    _, before, after = bench.twin(crash.scenario)
    endured = Endured(crash)
    begun = time.monotonic()
    with bench.home(crash.scenario) as home:
        for moment in (crash.moment, crash.again) if crash.again else (crash.moment,):
            with _Reader(home, before, after) as reader:
                outcome = home.night(moment, step=crash.step)
            endured.kills += outcome.was_killed
            endured.faults += reader.faults
            if not outcome.was_killed and not outcome.is_good:
                endured.faults.append(f"the night that was to be killed failed: {outcome.errors}")
            endured.faults += torn(home.settings, before, after)
            endured.states += ledger_states(home.settings)
        outcome = home.night(step=crash.step)
        if not outcome.is_good:
            endured.faults.append(f"the night after it failed: {outcome.errors}")
        endured.faults += not_converged(home.settings, after)
    endured.seconds = time.monotonic() - begun
    return endured


class _Reader:
    """Somebody who asks the published marts all the while: the old rows or the new ones, and never an error."""

    def __init__(self, home: TortureHome, before: State, after: State) -> None:
        self.faults: list[str] = []
        self._home = home
        self._whole = (before.shown, after.shown)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        seen = ""
        while not self._stop.wait(0.05) and not self.faults:
            link = self._home.settings.paths.published_database
            target = str(link.resolve()) if link.exists() else ""
            if target == seen:
                continue
            seen = target
            try:
                rows = shown(self._home.settings)
            except Exception as error:  # noqa: BLE001 - whatever it is, a reader met it
                self.faults.append(f"a reader met {type(error).__name__}: {error}")
                return
            if rows not in self._whole:
                self.faults.append(f"a reader saw neither snapshot: {differences(self._whole[1], rows)}")
