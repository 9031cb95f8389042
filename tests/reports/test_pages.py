"""The pages as a browser lays them out: on a phone nothing sticks out to the right, and no page is endless."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest

from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.findings.finding import MOST_ROWS
from subgroup_pipeline.landing.failing_rows import FailingRow
from subgroup_pipeline.reports.html_page import as_html
from subgroup_pipeline.reports.outbox_index import Entry, as_index
from subgroup_pipeline.reports.problems import rows_of
from tests.reports.made_up import finding, problems, report

pytestmark = [pytest.mark.slow, pytest.mark.needs_chromium]

PHONE, DESKTOP = 375, 1280
LONG = "subgroups_of_all_schools_2026-10-01_final_version_with_a_long_name.csv"


def _one_finding() -> str:
    return as_html(report(problems=problems(finding(1, "SUB514", file="s.csv", column="student_id", count=3, lines=[2, 3, 4]))))


def _ten_thousand_rows() -> str:
    """Every part that a page has, long names, long IDs, and as many rows as a report lists."""
    column = "Limited_English_Proficiency_Status_As_Of_Count_Day"
    found = [
        finding(1, "SUB506", file=LONG, column=column, count=5000),
        finding(2, "SUB503", file=LONG, column="Student ID", count=5000, lines=[2, 3, 4, 5, 6]),
        *(finding(10 + n, "HDR003", file=LONG, column=f"Another_column_of_the_export_{n}", lines=[1]) for n in range(40)),
        *(finding(60 + n, "VOC204", file=f"{name}.csv", column="grades", count=9, lines=[2]) for n, name in enumerate("abcde")),
    ]
    kept = [FailingRow("SUB506", LONG, n, n, column, f"{n:030}", f"{'a_long_word_' * 6}{n % 60}") for n in range(5000)]
    kept += [FailingRow("SUB503", LONG, n, n, "Student ID", f"{n:060}") for n in range(5000)]
    shown = problems(*found, kept=kept)
    rows, not_listed = rows_of(shown, found, kept)
    assert len(rows) == MOST_ROWS
    return as_html(report(problems=shown, rows=rows, rows_not_listed=not_listed))


def _index() -> str:
    settings = parse_district("district: alpha\nname: Made-up Alpha Unified School District of the Long Name\ntimezone: UTC\n")
    day = datetime(2026, 10, 1, tzinfo=UTC)
    entries = [Entry(f"20261001T08000000000{n}-abcdef", "roster", day - timedelta(days=n), "held", "held") for n in range(5)]
    return as_index(settings, entries).decode()


@pytest.mark.parametrize(("page", "highest"), [(_one_finding, 3000), (_ten_thousand_rows, 20_000), (_index, 3000)])
def test_a_page_fits_a_phone_and_a_desk(tmp_path: Path, page: object, highest: int) -> None:
    assert callable(page)
    (tmp_path / "page.html").write_text(page(), encoding="utf-8")
    for width, (wide, high) in _laid_out(tmp_path, (PHONE, DESKTOP)).items():
        assert wide <= width
        assert 300 < high < highest, width


def _laid_out(folder: Path, widths: tuple[int, ...]) -> dict[int, tuple[int, int]]:
    """What `page.html` measures by the width of its frame: (width, height) in CSS pixels. The page itself runs no script."""
    frame = '<iframe width="{}" height="800" frameborder="0" src="page.html"></iframe>'
    frames = "".join(frame.format(width) for width in widths)
    measure = (
        "<script>addEventListener('load', () => { const size = frame => { const root = frame.contentDocument.documentElement;"
        " return [frame.width, root.scrollWidth, root.scrollHeight] };"
        " document.title = JSON.stringify([...document.querySelectorAll('iframe')].map(size)) })</script>"
    )
    (folder / "frames.html").write_text(f"<!doctype html><title></title>{frames}{measure}", encoding="utf-8")
    said = subprocess.run(
        [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--allow-file-access-from-files",
            f"--user-data-dir={folder / 'profile'}", "--dump-dom", (folder / "frames.html").as_uri(),
        ],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    title = re.search("<title>(.*?)</title>", said.stdout)
    assert title, said.stderr
    return {int(width): (wide, high) for width, wide, high in json.loads(unescape(title[1]))}
