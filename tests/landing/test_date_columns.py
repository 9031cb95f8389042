"""Dates in other forms: read where their column proves one form, told where it proves none, left alone otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from subgroup_pipeline.landing.date_columns import read_dates
from subgroup_pipeline.landing.screen import Screening
from subgroup_pipeline.settings import load_settings
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES
from subgroup_pipeline.warehouse.rows import insert_rows

ANYTHING = (
    "//",
    "1/1/",
    "99/99/9999",
    "x/15/2026",
    "\u0661/\u0662/2026",
    "8/15/2026/7",
    "2026-13-45T00:00:00Z9",
    "'",
    "\x00",
    "a" * 500,
)
CASES: dict[str, tuple[list[str | None], list[str | None], str]] = {
    "as OneRoster has them": (["2026-08-15", None], ["2026-08-15", None], ""),
    "a day above 12 in second place": (["8/15/2026", "1/5/2027", None], ["2026-08-15", "2027-01-05", None], "DAT306"),
    "a day above 12 in first place": (["15/8/2026", "05/01/2027"], ["2026-08-15", "2027-01-05"], "DAT306"),
    "with a midnight": (["8/15/2026 0:00", "1/5/2027 12:00:00 AM"], ["2026-08-15", "2027-01-05"], "DAT306"),
    "date and time": (["2026-08-15T00:00:00.000Z", "2027-01-05 00:00:00"], ["2026-08-15", "2027-01-05"], "DAT306"),
    "a time that is no midnight": (["2026-08-15T05:00:00Z"], ["2026-08-15T05:00:00Z"], ""),
    "nothing tells day from month": (["8/9/2026", "1/5/2027"], ["8/9/2026", "1/5/2027"], "DAT307"),
    "two forms in one column": (["8/15/2026", "15/8/2026"], ["8/15/2026", "15/8/2026"], ""),
    "slashes and times": (["8/15/2026", "2026-08-15T00:00:00Z"], ["8/15/2026", "2026-08-15T00:00:00Z"], ""),
    "one that is none": (["8/15/2026", "TBD", "2026-09-01"], ["2026-08-15", "TBD", "2026-09-01"], "DAT306"),
    "no such day": (["8/15/2026", "2/30/2026"], ["2026-08-15", "2026-02-30"], "DAT306"),
    "anything at all": ([*ANYTHING], [*ANYTHING], ""),
    "years of two digits": (["8/15/26"], ["8/15/26"], ""),
}


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[str | None]], dict[str, Screening]]:
    """Every case as a delivery of its own, read in one go, twice: what then stands in `raw`, and what is said."""
    settings = load_settings(home=Path(tmp_path_factory.mktemp("dates")) / "home")
    settings.paths.make()
    screenings = {name: Screening(name, "d") for name in CASES}
    rows = [
        {"district_id": "d", "delivery_id": name, "file_name": "academicSessions.csv", "landed_at": "2026-11-01 03:00:00",
         "sourcedId": f"s{number}", "startDate": date}
        for name, (dates, *_) in CASES.items()
        for number, date in enumerate(dates)
    ]  # fmt: skip
    with open_warehouse(settings) as connection:
        insert_rows(connection, RAW_TABLES["academic_sessions"], rows)
        read_dates(connection, screenings.values())
        read_dates(connection, [Screening(name, "d") for name in CASES])
        found = connection.execute(
            "select delivery_id, list(startDate order by sourcedId) from raw.academic_sessions group by all"
        ).fetchall()
    return dict(found), screenings


@pytest.mark.parametrize("name", CASES)
def test_a_column_of_dates(landed: tuple[dict[str, list[str | None]], dict[str, Screening]], name: str) -> None:
    texts, screenings = landed
    _, expected, code = CASES[name]
    assert texts[name] == expected
    assert [finding.code for finding in screenings[name].findings] == ([code] if code else [])
    assert all(finding.key_column == "startDate" and finding.keys for finding in screenings[name].findings)
