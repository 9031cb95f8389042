"""Runs the contest and keeps its figures: `benchmarks/results/<scale>.json` and `.svg`, and a table on the terminal.

Run: make bench SCALE=small (20 districts of 5,000 students), medium (100 of 5,000) or state (1,000 of 5,000).
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.generate import generate
from benchmarks.profile import SCALES
from benchmarks.side_by_side.chart import svg
from benchmarks.side_by_side.contest import Contest, Limits
from benchmarks.side_by_side.tables import as_json, markdown

BYTES_PER_STUDENT = 6_000
"""What the largest contender, our night, leaves on disk for a student before it is removed, with the files and room to spare."""
LIMITS = {"state": Limits(dlt_rows=10)}
"""Scales at which contenders get other numbers of districts than `Limits` says."""
RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FOLDER", help="where the figures are kept")
    arguments = parser.parse_args()
    districts, students = SCALES[arguments.scale]
    needed, free = districts * students * BYTES_PER_STUDENT, shutil.disk_usage(Path.cwd()).free
    if free < needed:
        raise SystemExit(
            f"{arguments.scale} needs {needed / 1e9:.0f} GB of disk here and {free / 1e9:.0f} GB are free: make room first"
        )
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".subgroups-benchmark-") as scratch:
        inputs = generate(Path(scratch) / "files", districts, students)
        contest = Contest(
            inputs, Path(scratch), LIMITS.get(arguments.scale, Limits()), lambda line: print(line, file=sys.stderr, flush=True)
        )
        entries = contest.run()
    print(markdown(arguments.scale, entries))
    arguments.results.mkdir(parents=True, exist_ok=True)
    figures = as_json(arguments.scale, students, entries)
    (arguments.results / f"{arguments.scale}.svg").write_text(svg(figures), encoding="utf-8")
    (arguments.results / f"{arguments.scale}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
