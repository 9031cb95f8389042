"""`make torture`: many seeded kills, one line per category, and for each case that failed how to run it again.

`python -m tests.torture [--kills 200] [--seed N] [--only TEXT] [--list]`; SUBGROUPS_TORTURE_KILLS and SUBGROUPS_TORTURE_SEED too.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.torture.cases import CRASHES, STATES, Crash, around_the_swap, at_random, at_states
from tests.torture.homes import Bench
from tests.torture.ordeal import Endured, endure


def planned(kills: int, seed: int, bench: Bench) -> dict[str, list[Crash]]:
    """The cases of a campaign by category: the table, and what is left of the number split over seeded moments."""
    left = max(0, kills - sum(1 + (crash.again is not None) for crash in CRASHES))
    each = left // 2 // len(STATES)
    swaps = left // 3
    bench.twin("changes")
    night = bench.seconds["changes"]
    return {
        "named moments": list(CRASHES),
        "ledger states": at_states(seed, each),
        "around the swap": around_the_swap(seed, swaps),
        "any moment": at_random(seed, round((left - each * len(STATES) - swaps * 1.3) * 3 / 4), night),
    }


def main() -> int:
    """Run a campaign; gives 1 when an invariant did not hold."""
    words = argparse.ArgumentParser(prog="torture", description=__doc__)
    words.add_argument("--kills", type=int, default=int(os.environ.get("SUBGROUPS_TORTURE_KILLS", "200")))
    words.add_argument("--seed", type=int, default=int(os.environ.get("SUBGROUPS_TORTURE_SEED", str(int(time.time())))))
    words.add_argument("--only", default="", help="cases whose name holds this text")
    words.add_argument("--category", default="", help="this category alone")
    words.add_argument("--minutes", type=float, default=0, help="end after so many minutes")
    words.add_argument("--list", action="store_true", help="print the cases and end")
    chosen = words.parse_args()
    end = time.monotonic() + chosen.minutes * 60 if chosen.minutes else float("inf")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="torture-") as directory:
        bench = Bench(Path(directory))
        for category, crashes in planned(chosen.kills, chosen.seed, bench).items():
            meant = [c for c in crashes if chosen.only in c.name and chosen.category in category]
            if chosen.minutes:  # so that what there is time for is a sample of all
                random.Random(chosen.seed).shuffle(meant)  # noqa: S311 - a seed to repeat it by
            if chosen.list:
                _say("\n".join(f"{category}: {crash.name}: {crash}" for crash in meant))
            elif meant:
                failed += _run(bench, category, meant, chosen.seed, end)
    return 1 if failed else 0


def _run(bench: Bench, category: str, crashes: list[Crash], seed: int, end: float) -> int:
    done: list[Endured] = []
    for crash in crashes:
        if time.monotonic() > end:
            break
        endured = endure(bench, crash)
        done.append(endured)
        _say(f"{'failed' if endured.faults else 'held'}: {crash.name} ({endured.kills} kills, {endured.seconds:.0f} s)")
        for fault in endured.faults:
            _say(f"FAILED {crash.name} ({crash}): {fault[:1500]}")
        if endured.faults:
            _say(f"  again: python -m tests.torture --seed {seed} --category '{category}' --only '{crash.name}'")
    failed = [endured for endured in done if endured.faults]
    kills = sum(endured.kills for endured in done)
    unreached = [e.crash.name for e in done if not e.kills]
    seconds = sum(endured.seconds for endured in done)
    states: dict[str, int] = {}
    for endured in done:
        for state, count in endured.states.items():
            states[state] = states.get(state, 0) + count
    _say(
        f"{category}: {kills} kills in {len(done)} of {len(crashes)} cases, {len(failed)} failed, {len(unreached)} not reached"
        f" {unreached or ''}, {seconds / max(1, len(done)):.1f} s a case, seed {seed}; left behind: {states}"
    )
    return len(failed)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
