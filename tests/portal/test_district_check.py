"""A district says that it has uploaded, or tries a file: what it is told of the check."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from subgroup_pipeline.desk.asked_check import see_check
from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.registry.asked_checks import ask_check, note_started
from subgroup_pipeline.registry.nights import note_ended
from subgroup_pipeline.registry.schema import AskedCheck
from tests.portal.shown_district import Shown
from tests.support.portal import send_form, token_in


def test_i_have_uploaded_asks_for_one_check_and_shows_how_far_it_is(shown: Shown) -> None:
    inbox = shown.place.settings.paths.sftp / "birch" / "inbox" / "roster"
    inbox.mkdir(parents=True)
    with shown.portal.of_district("birch") as browser:
        nothing = send_form(browser, "/d/birch/check-now", {})
        assert (nothing.status_code, nothing.headers["location"]) == (303, "/d/birch/check-now")
        assert "we see no file in your inbox" in browser.get("/d/birch/check-now").text
        assert not shown.events("district.check_asked")

        (inbox / "<b>.csv").write_text("x")
        (inbox / "users.csv.filepart").write_text("x")
        (inbox / os.fsdecode(b"\xff.csv")).write_text("x")
        send_form(browser, "/d/birch/check-now", {})
        page = browser.get("/d/birch/check-now").text
        assert "We wait until your files are complete." in page
        assert "&lt;b&gt;.csv" in page
        assert "your program is still uploading it" in page
        assert 'hx-trigger="every' in page
        assert "I have uploaded: check now" not in page
        (event,) = shown.events("district.check_asked")
        assert (event.actor, event.district_id) == ("data@birch.example", "birch")

        again = browser.post("/d/birch/check-now", data={"form_token": token_in(browser.get("/d/birch/check-now"))})
        assert again.status_code == 303
        assert len(shown.events("district.check_asked")) == 1
        assert browser.post("/d/birch/check-now", data={}).status_code == 403


def test_a_check_says_honestly_that_it_has_not_started_and_what_came_of_it(shown: Shown) -> None:
    registry, settings = shown.place.registry, shown.place.settings
    district = registered_district(registry, "alder")
    ask_check(registry, "alder", by="data@alder.example")
    with registry.begin() as session:
        asked_at = session.get_one(AskedCheck, "alder").asked_at
    stages = [see_check(registry, settings, district, asked_at + timedelta(minutes=later)).stage for later in (0, 1, 3)]
    assert stages == ["asked", "asked", "overdue"]
    note_started(registry, ["alder"], datetime.now(UTC))
    assert see_check(registry, settings, district, datetime.now(UTC)).stage == "running"
    assert see_check(registry, settings, district, datetime.now(UTC) + timedelta(hours=7)).stage == "ended"
    note_ended(registry, "run", "nothing new")
    with shown.portal.of_district("alder") as browser:
        page = browser.get("/d/alder/check-now").text
    assert "The check has ended." in page
    assert "No new file was found." in page
    assert "hx-trigger" not in page


def test_ten_checks_an_hour_are_enough(shown: Shown) -> None:
    inbox = shown.place.settings.paths.sftp / "alder" / "inbox" / "roster"
    inbox.mkdir(parents=True)
    (inbox / "orgs.csv").write_text("x")
    before = len(shown.events("district.check_asked"))
    with shown.portal.of_district("alder") as browser:
        for _ in range(12):
            send_form(browser, "/d/alder/check-now", {})
            note_started(shown.place.registry, ["alder"], datetime.now(UTC))
            note_ended(shown.place.registry, "run", "nothing new")
    assert len(shown.events("district.check_asked")) == before + 10


def test_a_file_is_tried_by_its_own_district_only(shown: Shown) -> None:
    with shown.portal.of_district("alder") as browser:
        token = token_in(browser.get("/d/alder/try"))
        nothing = browser.post("/d/alder/try", data={"form_token": token})
        assert (nothing.status_code, "Choose a file first." in nothing.text) == (422, True)
        file = {"file": ("s.csv", "student_id,ell\n")}
        assert browser.post("/d/alder/try", data={"form_token": "0" * 64}, files=file).status_code == 403
        assert browser.post("/d/birch/try", data={"form_token": token}, files=file).status_code == 404
    assert not shown.events("check.answered")
