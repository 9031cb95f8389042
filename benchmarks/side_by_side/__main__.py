"""Runs the contest and keeps its figures: `benchmarks/results/<scale>.json` and `.svg`, and a table on the terminal.

Run: make bench SCALE=small (20 districts of 5,000 students), medium (100 of 5,000) or state (1,000 of 5,000).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.generate import generate
from benchmarks.profile import SCALES
from benchmarks.side_by_side.chart import svg
from benchmarks.side_by_side.contest import Contest, Limits
from benchmarks.side_by_side.tables import as_json, markdown

RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FOLDER", help="where the figures are kept")
    arguments = parser.parse_args()
    districts, students = SCALES[arguments.scale]
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".subgroups-benchmark-") as scratch:
        inputs = generate(Path(scratch) / "files", districts, students)
        contest = Contest(inputs, Path(scratch), Limits(), lambda line: print(line, file=sys.stderr, flush=True))
        entries = contest.run()
    print(markdown(arguments.scale, entries))
    arguments.results.mkdir(parents=True, exist_ok=True)
    figures = as_json(arguments.scale, students, entries)
    (arguments.results / f"{arguments.scale}.svg").write_text(svg(figures), encoding="utf-8")
    (arguments.results / f"{arguments.scale}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
