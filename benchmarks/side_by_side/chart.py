"""The chart of a contest as SVG: bars of processor time per million rows of input, in one panel for each part of a night.

Plain text without a library. Colours follow the reader's light or dark setting; the figures stand beside the bars, so that colour
says nothing alone.
"""

from __future__ import annotations

from html import escape
from typing import Any

WIDTH, ROW, LEFT, RIGHT = 860, 26, 170, 170
STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 17px; font-weight: 600; }
.quiet { fill: #59636e; }
.bar { fill: #8c959f; }
.ours { fill: #0a7d5a; }
.ground { fill: #ffffff; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .quiet { fill: #9198a1; }
  .bar { fill: #656c76; }
  .ours { fill: #3fb98b; }
  .ground { fill: #0d1117; }
}
"""
PANELS = (("night", "The whole night"), ("landing", "Landing"), ("checks", "Checks"))


def svg(figures: dict[str, Any]) -> str:
    """The chart of what `tables.as_json` gives."""
    lines: list[str] = []
    top, districts = 62, max(one["districts"] for one in figures["entries"])
    for part, title in PANELS:
        bars = [one for one in figures["entries"] if one["part"] == part and one["rows"]]
        if bars:
            top = _panel(lines, title, bars, top, districts)
    heading = f"{districts:,} districts of {figures['students_per_district']:,} students: CPU seconds per million rows"
    cores, day = figures["machine"]["cores"], figures["measured_at"][:10]
    said = f"Measured {day} on {cores} cores, load {figures['machine']['load']}. Shorter is better; ours are green."
    body = "\n".join(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img" aria-labelledby="title">\n'
        f'<title id="title">{escape(heading)}</title>\n<style>{STYLE}</style>\n'
        f'<rect class="ground" width="{WIDTH}" height="{top}" rx="8"/>\n'
        f'<text class="title" x="16" y="28">{escape(heading)}</text>\n<text class="quiet" x="16" y="50">{escape(said)}</text>\n'
        f"{body}\n</svg>\n"
    )


def _panel(lines: list[str], title: str, bars: list[dict[str, Any]], top: int, districts: int) -> int:
    """Add a panel; gives where the next one begins. Who had fewer districts than the most has their number beside it."""
    lines.append(f'<text class="title" x="16" y="{top + 22}">{escape(title)}</text>')
    top += 34
    longest = max(_per_million(one) for one in bars)
    for one in sorted(bars, key=_per_million):
        seconds = _per_million(one)
        width = max(2, round(seconds / longest * (WIDTH - LEFT - RIGHT)))
        kind = "ours" if one["name"].startswith("our ") else "bar"
        of = f" (on {one['districts']:,} districts)" if one["districts"] < districts else ""
        lines += [
            f'<text x="{LEFT - 10}" y="{top + 15}" text-anchor="end">{escape(one["name"])}</text>',
            f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{width}" height="{ROW - 6}" rx="2"/>',
            f'<text x="{LEFT + width + 8}" y="{top + 15}">{seconds:.1f} s<tspan class="quiet">{of}</tspan></text>',
        ]
        top += ROW
    return top + 12


def _per_million(entry: dict[str, Any]) -> float:
    cpu, rows = float(entry["cpu"]), int(entry["rows"])
    return cpu / rows * 1_000_000
