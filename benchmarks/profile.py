"""Where the seconds of a night go, by stage, as the night itself measured them: full, one district changed, nothing new.

Run: python -m benchmarks.profile --scale small (20 districts of 5,000 students), medium (100 of 5,000) or state (1,000 of 5,000);
`--json FILE` keeps the figures, and `--home FOLDER` the installation, to look into or to measure again.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.generate import generate
from benchmarks.night import Home, Measure, Stages, measured_stages

SCALES = {"tiny": (1, 20), "small": (20, 5000), "medium": (100, 5000), "state": (1000, 5000)}
"""Districts, and students of each."""


def table(stages: Stages, night: Measure) -> str:
    """A Markdown table of stages, the most expensive first; `outside` is what the process did before and after its run."""
    counted = sum(one["cpu"] for one in stages.values())
    rows = sorted(stages.items(), key=lambda named: -named[1]["cpu"])
    lines = [
        f"| {name} | {one['wall']:.2f} | {one['cpu']:.2f} | {one['cpu'] / night.cpu:.0%} "
        f"| {one['read'] / 1e6:,.0f} | {one['written'] / 1e6:,.0f} |"
        for name, one in rows
    ]
    wall = sum(one["wall"] for one in stages.values())
    return "\n".join(
        [
            "| stage | wall s | CPU s | of the night | MB read | MB written |",
            "|-|-|-|-|-|-|",
            *lines,
            f"| outside | {night.wall - wall:.2f} | {night.cpu - counted:.2f} | {1 - counted / night.cpu:.0%} | | |",
            f"| **night** | {night.wall:.1f} | {night.cpu:.1f} | | peak {night.memory:.2f} GiB | |",
            *_without_releases(stages, night),
        ]
    )


def _without_releases(stages: Stages, night: Measure) -> list[str]:
    """The night without what a district has once a month, and a script by hand never."""
    if "release" not in stages:
        return []
    wall, cpu = night.wall - stages["release"]["wall"], night.cpu - stages["release"]["cpu"]
    return [f"| night without releases | {wall:.1f} | {cpu:.1f} | | | |"]


def profile(scale: str, scratch: Path) -> dict[str, object]:
    """Run the three nights; prints each table, gives all figures."""
    districts, students = SCALES[scale]
    inputs = generate(scratch / "files", districts, students)
    home = Home(scratch / "home", 22473)
    figures: dict[str, object] = {"districts": districts, "students": students}
    with home.serving():
        home.deliver(inputs)
        for name in ("a full night", "one district changed", "nothing new"):
            if name == "one district changed":
                home.redeliver(inputs[0])
            night = home.night()
            stages = measured_stages(home.root)
            print(f"\n{name}, {districts} x {students:,}\n\n{table(stages, night)}", flush=True)
            figures[name] = {"night": vars(night), "stages": stages}
    return figures


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="keep files and installation here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".subgroups-benchmark-") as scratch:
        figures = profile(arguments.scale, arguments.home or Path(scratch))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
