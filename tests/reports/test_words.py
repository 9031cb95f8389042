"""What a clerk reads first: the verdict and what to do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from subgroup_pipeline.local_time import local_time
from subgroup_pipeline.reports.words import (
    contact_words,
    next_run,
    place_words,
    shown_words,
    size_words,
    verdict_words,
    what_to_do,
    with_contact,
)


@pytest.mark.parametrize(
    ("state", "verdict", "set_aside", "words"),
    [
        ("published", "accepted", 0, "Published."),
        ("published", "accepted_with_rows_set_aside", 1, "Published, but 1 row had to be left out."),
        ("accepted", "accepted_with_rows_set_aside", 1200, "Accepted, but 1,200 rows had to be left out. It will be"),
        ("held", "held", 5, "On hold. A person has to look at it"),
        ("rejected", "rejected", 0, "Not used."),
        ("rejected", "accepted", 0, "Not used."),
        ("landed", None, 0, "Waiting."),
        ("superseded", "accepted", 0, "Replaced by a newer upload."),
        ("superseded", "held", 0, "Replaced by a newer upload before it was used."),
    ],
)
def test_the_verdict_is_one_plain_sentence(state: str, verdict: str | None, set_aside: int, words: str) -> None:
    assert verdict_words(state, verdict, set_aside).startswith(words)


def test_what_to_do_is_three_lines_at_most_and_begins_with_the_most_urgent() -> None:
    assert what_to_do("published", "accepted", {"info"}, set()) == ["You do not have to do anything. Thank you!"]
    assert "when you have time" in what_to_do("published", "accepted", {"warning", "info"}, set())[0]
    assert "Fix the rows below" in what_to_do("published", "accepted_with_rows_set_aside", {"error", "warning"}, set())[0]
    assert "upload the file again" in what_to_do("rejected", "rejected", {"fatal", "error"}, set())[0]
    assert "A person looked at this upload" in what_to_do("rejected", "rejected", {"hold"}, {"VOL301"})[0]
    assert "we look at it" in what_to_do("held", "held", {"hold", "error"}, {"FST701"})[0]
    held = what_to_do("held", "held", {"hold"}, {"VOL301", "FST701"})
    assert "Needs a person" in held[0]
    assert len(held) == 3


@pytest.mark.parametrize(
    ("roster_state", "words"),
    [(None, "Upload your roster"), ("held", "your roster waits for a person"), ("rejected", "Your roster was not used")],
)
def test_a_file_that_waits_for_a_roster_says_what_the_roster_needs(roster_state: str | None, words: str) -> None:
    first, later = what_to_do("landed", None, {"info"}, {"SUB509"}, roster_state)
    assert words in first
    assert "do not have to upload it again" in later


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ([("s.csv", None)], "s.csv"),
        ([("s.csv", "ell")], "s.csv, column ell"),
        ([("s.csv", "a"), ("s.csv", "b")], "s.csv, 2 columns (a and b)"),
        ([("s.csv", name) for name in "abcde"], "s.csv, 5 columns (a, b, c and 2 more)"),
        ([("users.csv", "role"), ("orgs.csv", "type")], "2 files (users.csv and orgs.csv), 2 columns (role and type)"),
        ([(None, None)], ""),
    ],
)
def test_a_place_is_said_in_one_line(places: list[tuple[str | None, str | None]], words: str) -> None:
    assert place_words(places) == words


def test_without_a_contact_the_text_stays_and_says_whom_to_ask() -> None:
    assert with_contact("If so, tell us.", "", "", "") == "If so, tell us."
    assert with_contact("Tell us, or call us.", "", "a@b.example", "") == "Tell us (a@b.example), or call us."
    assert "The colleague who arranged this account" in contact_words("", "", "")
    assert contact_words("", "", "555-0100") == "“We” and “us” are the team that runs this service, 555-0100."


def test_times_are_the_districts_own() -> None:
    assert local_time(datetime(2026, 10, 1, 8, 5, tzinfo=UTC), "America/Chicago") == "October 1, 2026 at 3:05 AM CDT"
    assert local_time(datetime(2026, 12, 1, 5, 59, tzinfo=UTC), "America/New_York") == "December 1, 2026 at 12:59 AM EST"
    assert local_time(datetime(2026, 12, 1, 17, 0, tzinfo=UTC), "America/New_York") == "December 1, 2026 at 12:00 PM EST"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-01T02:00", "2026-11-01T03:00"),
        ("2026-10-31T03:00", "2026-11-01T03:00"),
        ("2026-12-31T23:59", "2027-01-01T03:00"),
    ],
)
def test_the_next_run_is_the_next_time_of_the_clock(now: str, expected: str) -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("America/Chicago")
    start = next_run("0 3 * * *", "America/Chicago", datetime.fromisoformat(now).replace(tzinfo=zone))
    assert start is not None
    assert start.replace(tzinfo=None).isoformat(timespec="minutes") == expected


def test_a_plan_that_is_not_once_a_day_names_no_next_run() -> None:
    assert next_run("*/5 * * * *", "UTC", datetime.now(UTC)) is None
    assert next_run("0 3 * * 1-5", "UTC", datetime.now(UTC)) is None


def test_what_readers_see_now_is_said_with_its_age() -> None:
    assert shown_words(1234, "2026-10-01", "yesterday", None) == (
        "1,234 students, counted on October 1, 2026. The roster came yesterday; no subgroup file has been used yet."
    )
    assert shown_words(1, "2026-10-01", "a", "b").endswith("The roster came a; the subgroup file came b.")


def test_sizes_are_rounded() -> None:
    assert [size_words(size) for size in (7, 1500, 2_345_678)] == ["7 bytes", "2 kB", "2.3 MB"]
