"""Words of a district's first page: whether all is well, what to do next, and how far roster and subgroup file lie apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from subgroup_pipeline.desk.district_today import FeedToday, apart_words, headline_of, late_words, next_due, steps_of
from subgroup_pipeline.desk.uploads import ON_HOLD, PER_PAGE, Tone, Upload, list_uploads
from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.districts.registered import RegisteredDistrict
from subgroup_pipeline.registry.ledger import Feed
from tests.support import small_district as small
from tests.support.place import Place

NOON = datetime(2026, 10, 1, 17, tzinfo=UTC)
"""Noon in Chicago."""


def _upload(tone: Tone, short: str = "") -> Upload:
    return Upload(
        delivery_id="1", feed="roster", feed_words="Roster", received_at=NOON, seen_again_at=None, is_waiting=False,
        short=short, tone=tone, in_words="", files=[], rows=0, rows_set_aside=0, version=None,
    )  # fmt: skip


def _feeds(roster: Upload | None, subgroups: Upload | None, late: int = 0) -> list[FeedToday]:
    named: list[tuple[Feed, str, Upload | None]] = [("roster", "Roster", roster), ("subgroups", "Subgroup file", subgroups)]
    return [FeedToday(feed, words, upload, late if feed == "subgroups" else 0) for feed, words, upload in named]


GOOD, LOOK, STOP, WAIT, HELD = _upload("good"), _upload("look"), _upload("stop"), _upload("wait"), _upload("look", ON_HOLD)


@pytest.mark.parametrize(
    ("feeds", "headline", "steps"),
    [
        (_feeds(GOOD, GOOD), "Everything is fine.", ["You do not have to do anything. Thank you!"]),
        (
            _feeds(GOOD, _upload("good", "Accepted")),
            "Your files are accepted. The next run publishes them.",
            ["You do not have to do anything. Thank you!"],
        ),
        (_feeds(None, None), "Nothing has arrived yet.", ["Upload your roster.", "Upload your subgroup file."]),
        (_feeds(GOOD, None), "One of your files has not come yet.", ["Upload your subgroup file."]),
        (
            _feeds(GOOD, STOP, late=2),
            "An upload could not be used.",
            [
                "Fix what the error report of your subgroup file says, then upload the file again.",
                "Upload your subgroup file: nothing has come for 2 nights.",
            ],
        ),
        (
            _feeds(GOOD, GOOD, late=1),
            "An expected upload did not come.",
            ["Upload your subgroup file: it was expected last night and did not come."],
        ),
        (
            _feeds(HELD, WAIT),
            "An upload is on hold: a person looks at it.",
            ["Read why your roster is on hold. If the data is wrong, send a corrected file."],
        ),
        (_feeds(GOOD, WAIT), "An upload is waiting to be checked.", ["You do not have to do anything. Thank you!"]),
        (
            _feeds(LOOK, GOOD),
            "Your data is in use, but some rows were left out.",
            ["Some rows of your roster were left out. The report says how to fix them."],
        ),
    ],
)
def test_the_gravest_comes_first_and_every_step_has_its_page(feeds: list[FeedToday], headline: str, steps: list[str]) -> None:
    assert headline_of(feeds)[0] == headline
    said = steps_of(feeds)
    assert [step.in_words for step in said] == steps
    assert all(step.page or step.in_words.startswith("You do not") for step in said)


def test_how_far_two_uploads_lie_apart_is_counted_in_days_of_the_district() -> None:
    late_evening = datetime(2026, 10, 2, 4, 30, tzinfo=UTC)  # 23:30 on October 1 in Chicago
    assert apart_words(late_evening, NOON, "America/Chicago") is None
    assert apart_words(late_evening, NOON, "UTC") == "The subgroup file is 1 day older than the roster."
    assert apart_words(NOON, NOON + timedelta(days=3), "UTC") == "The roster is 3 days older than the subgroup file."
    assert apart_words(NOON, None, "UTC") is None
    assert late_words(1) != late_words(2)


def test_the_next_upload_is_due_at_the_districts_own_hour_whatever_the_clocks_do() -> None:
    text = small.settings("oak") + 'schedule: "02:00"\n'
    district = RegisteredDistrict(parse_district(text), 1)
    assert next_due(district, NOON) == datetime(2026, 10, 2, 7, tzinfo=UTC)
    after_the_change = datetime(2026, 11, 1, 12, tzinfo=UTC)  # the day on which the clocks were set back
    assert next_due(district, after_the_change) == datetime(2026, 11, 2, 8, tzinfo=UTC)
    without = replace(district, settings=district.settings.model_copy(update={"schedule": None}))
    assert next_due(without, NOON) is None


def test_uploads_are_paged_the_newest_first(place: Place) -> None:
    place.add()
    ids = [place.deliver("subgroups", {"s.csv": f"student_id,ell\ns{number},Y\n"}) for number in range(PER_PAGE + 2)]
    first, last = list_uploads(place.registry, "alpha"), list_uploads(place.registry, "alpha", 2)
    assert [one.delivery_id for one in (*first.uploads, *last.uploads)] == ids[::-1]
    assert (first.pages, first.total, len(last.uploads)) == (2, PER_PAGE + 2, 2)
    assert list_uploads(place.registry, "alpha", 9) == last
