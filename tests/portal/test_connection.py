"""The page after the set-up: what a district's programs did, samples that are checked, and for whom it is."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import paramiko
import pytest
import sqlalchemy as sa
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from subgroup_pipeline.desk import rehearsals
from subgroup_pipeline.desk.limited_child import only_one
from subgroup_pipeline.portal.connection import LASTS
from subgroup_pipeline.portal.portal_key import portal_key
from subgroup_pipeline.portal.shield import form_token
from subgroup_pipeline.registry.schema import AuditEvent
from tests.portal.setting_up import PASSWORD, Desk, open_desk, permit_in
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.portal import token_in
from tests.support.waiting import waited


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("setup") / "home", template) as desk:
        yield desk


def test_what_programs_do_is_seen_on_the_page_after(desk: Desk) -> None:
    district, other = desk.district(), desk.district()
    browser = desk.browser()
    at = "/connection/" + permit_in(desk.choose(browser, desk.link(district)))
    desk.choose(desk.browser(), desk.link(other))
    desk.sign_in(other, PASSWORD)
    assert "Nobody has signed in" in browser.get(at).text
    with pytest.raises(paramiko.AuthenticationException):
        desk.sign_in(district, "wrong password, and long")
    assert waited(lambda: "the password was wrong" in browser.get(at + "/seen").text)
    with pytest.raises(paramiko.AuthenticationException):
        desk.sign_in(district.upper().replace("_", "-"), PASSWORD)
    assert waited(lambda: f"exactly like this: {district}" in browser.get(at + "/seen").text)
    assert browser.get(at + "/seen").status_code == 200
    desk.sign_in(district, PASSWORD)
    assert waited(lambda: "Your connection works" in browser.get(at + "/seen").text)
    assert browser.get(at + "/seen").status_code == 286  # with which the page stops asking
    page = browser.get(at).text
    assert "It worked" in page
    assert other not in page


def test_a_permit_is_ours_and_good_for_an_hour(desk: Desk) -> None:
    district = desk.district()
    browser = desk.browser()
    permit = permit_in(desk.choose(browser, desk.link(district)))
    assert browser.get(f"/connection/{permit}").status_code == 200

    class Ago(TimestampSigner):
        def get_timestamp(self) -> int:
            return super().get_timestamp() - LASTS - 1

    key = portal_key(desk.portal.settings.paths)
    old = URLSafeTimedSerializer(key, salt="connection", signer=Ago, signer_kwargs={"digest_method": hashlib.sha256})
    other = URLSafeTimedSerializer(b"another key", salt="connection", signer_kwargs={"digest_method": hashlib.sha256})
    values = [district, "password", 0]
    for bad in (old.dumps(values), other.dumps(values), permit[:-1], permit[1:], "x", district):
        for path in (f"/connection/{bad}", f"/connection/{bad}/seen"):
            assert browser.get(path).status_code == 404
        form = {"form_token": form_token(key, bad)}
        assert browser.post(f"/connection/{bad}/check", data=form).status_code == 404


def test_a_stranger_is_refused_before_their_file_is_read(desk: Desk) -> None:
    promised = "POST /connection/nobodys/check HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection(("127.0.0.1", desk.portal.port), 10) as sent:
        sent.sendall(f"{promised}Content-Length: 20000000\r\n\r\n--b\r\n".encode())  # of which no more comes
        assert sent.recv(100).startswith(b"HTTP/1.1 404")


def test_a_text_field_is_small_even_where_files_are_large(desk: Desk) -> None:
    browser = desk.browser()
    permit = permit_in(desk.choose(browser, desk.link(desk.district())))
    token = form_token(portal_key(desk.portal.settings.paths), permit)
    sent = {"form_token": (None, token), "feed": (None, "x" * 300_000)}
    assert browser.post(f"/connection/{permit}/check", files=sent).status_code == 400


def test_a_file_that_cannot_be_checked_is_said_in_words(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = desk.browser()
    at = "/connection/" + permit_in(desk.choose(browser, desk.link(desk.district())))
    token = token_in(browser.get(at))

    def check(content: bytes, name: str = "roster.zip", form: str = token) -> httpx.Response:
        return browser.post(at + "/check", data={"form_token": form}, files={"file": (name, content)})

    assert check(b"", "").status_code == 422
    assert check(b"x", form="0" * 64).status_code == 403
    assert check(bytes(rehearsals.MOST_BYTES + 65 * 1024)).status_code == 413
    too_large = check(bytes(rehearsals.MOST_BYTES + 1))
    assert (too_large.status_code, "larger than 20 MB" in too_large.text) == (422, True)
    with only_one(desk.portal.settings.paths.rehearsals):
        assert "Another file is being checked" in check(b"x").text
    monkeypatch.setattr(rehearsals, "SECONDS", 0.2)
    assert "takes too long" in check(b"x").text
    assert list(desk.portal.settings.paths.rehearsals.iterdir()) == []


def test_a_check_that_is_killed_leaves_nothing(desk: Desk) -> None:
    browser = desk.browser()
    at = "/connection/" + permit_in(desk.choose(browser, desk.link(desk.district())))
    token = token_in(browser.get(at))
    places = desk.portal.settings.paths.rehearsals
    sent = {"file": ("roster.zip", zip_of(small.roster(12)))}
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(browser.post, at + "/check", data={"form_token": token, "feed": ""}, files=sent)
        assert waited(lambda: any(places.glob("*-*/registry.sqlite")))
        os.kill(int(next(places.glob("*-*")).name.partition("-")[0]), signal.SIGKILL)
        assert "could not be checked here" in answer.result().text
    assert list(places.iterdir()) == []


@pytest.mark.slow
def test_a_sample_is_judged_and_gone(desk: Desk) -> None:
    district = desk.district()
    browser = desk.browser()
    at = "/connection/" + permit_in(desk.choose(browser, desk.link(district)))
    token = token_in(browser.get(at))
    roster = small.roster(12)
    no_users = {name: text for name, text in roster.items() if name != "users.csv"}
    samples = {
        "roster.zip": (zip_of(roster), "", "It would be accepted"),
        "../../-x.zip": (
            zip_of(no_users),
            "",
            "It would be rejected",
        ),
        "students.csv": (small.subgroups(12).encode(), "subgroups", "It would wait for a roster"),
        "notes.part": (b"x", "", "under a name that no client uses"),
    }
    for name, (content, feed, words) in samples.items():
        said = browser.post(at + "/check", data={"form_token": token, "feed": feed}, files={"file": (name, content)})
        assert words in said.text, name
        assert said.status_code == (422 if name == "notes.part" else 200)
        assert "Given-" not in said.text
    assert list(desk.portal.settings.paths.rehearsals.iterdir()) == []
    with desk.portal.registry.begin() as session:
        events = session.scalars(sa.select(AuditEvent).filter_by(kind="check.answered", district_id=district)).all()
    assert [event.detail["verdict"] for event in events] == ["accepted", "rejected", None]
