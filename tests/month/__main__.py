"""`python -m tests.month [--districts 50] [--nights 30] [--seed 1]`: a month at a time; ends with 1 when anything was wrong."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.month.simulation import simulate


def main() -> int:
    """Live through a month and print what came of it."""
    words = argparse.ArgumentParser(prog="month", description=__doc__)
    words.add_argument("--districts", type=int, default=50)
    words.add_argument("--nights", type=int, default=30)
    words.add_argument("--seed", type=int, default=1)
    chosen = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="month-") as directory:
        outcome = simulate(Path(directory) / "home", chosen.districts, chosen.nights, chosen.seed, _say)
    _say(f"seed {chosen.seed}, {chosen.districts} districts: {outcome}")
    return 1 if outcome.faults or outcome.wrong_rows else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
