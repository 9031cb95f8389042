"""`/staff/mail`, `subgroups mail` and the doctor: what became of mail, its words, and trying again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.notify.outgoing import claim, due_mail, note_refused
from subgroup_pipeline.notify.queue import queue_mail
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.schema import AuditEvent, Mail
from subgroup_pipeline.settings import load_settings
from tests.support.command import Shell
from tests.support.home import apply
from tests.support.mail_server import mail_server
from tests.support.portal import PortalUnderTest, portal_running, send_form

LINK = "http://127.0.0.1:8080/setup/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalUnderTest]:
    settings = load_settings(home=tmp_path_factory.mktemp("mail") / "home")
    registry = open_registry(settings)
    text = "district: alpha\nname: <b>Made-up</b> alpha\ntimezone: America/Chicago\n"
    apply(registry, text)
    with registry.begin() as session:
        values: dict[str, Any] = {"url": LINK, "expires_at": datetime.now(UTC), "zone": "UTC", "host": "127.0.0.1", "port": 2022}
        values |= {"uploads": True, "is_fetched": False}
        to = ["data@alpha.example", "gone@alpha.example"]
        queue_mail(
            session, kind="invitation", key="i", to=to, district_id="alpha", district_name="<b>Made-up</b> alpha", **values
        )
    now = datetime.now(UTC)
    mail = claim(registry, due_mail(registry, now, 10)[1], now)
    assert mail is not None
    note_refused(registry, mail.mail_id, "the server refused the recipient (550 no such user).")
    with portal_running(settings, registry) as running:
        yield running
    registry.close()


def test_the_list_says_what_became_of_each_and_can_be_narrowed(portal: PortalUnderTest) -> None:
    with portal.staff() as browser:
        everything = browser.get("/staff/mail").text
        failed = browser.get("/staff/mail?state=failed").text
    assert "mail is kept here and not sent" in everything
    assert "data@alpha.example" in everything
    assert "550 no such user" in everything
    assert "data@alpha.example" not in failed
    assert "gone@alpha.example" in failed
    assert LINK not in everything
    assert "<b>Made-up</b>" not in everything


def test_who_opens_a_mail_sees_its_link_and_is_in_the_audit_log(portal: PortalUnderTest) -> None:
    with portal.staff() as browser:
        page = browser.get("/staff/mail/1")
    assert LINK in page.text
    assert "works once, for whoever opens it first" in page.text
    assert page.headers["cache-control"] == "no-store"
    with portal.registry.begin() as session:
        (event,) = session.scalars(sa.select(AuditEvent).filter_by(kind="mail.read")).all()
    assert (event.actor, event.district_id, event.detail["recipient"]) == (
        "staff@vendor.example", "alpha", "data@alpha.example",
    )  # fmt: skip
    assert LINK not in json.dumps(event.detail)


def test_what_failed_can_be_tried_again_one_by_one_and_all_at_once(portal: PortalUnderTest) -> None:
    with portal.registry.begin() as session:
        failed = session.scalars(sa.select(Mail.mail_id).filter_by(recipient="gone@alpha.example")).one()
    for path in (f"/staff/mail/{failed}", "/staff/mail"):
        with portal.registry.begin() as session:
            session.get_one(Mail, failed).state = "failed"
        with portal.staff() as browser:
            answer = send_form(browser, path, {})
        assert (answer.status_code, answer.headers["location"]) == (303, path)
        with portal.registry.begin() as session:
            assert session.get_one(Mail, failed).state == "queued"
    with portal.registry.begin() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEvent).filter_by(kind="mail.retried")) == 2
        session.get_one(Mail, failed).state = "failed"


@pytest.mark.parametrize("path", ["/staff/mail/999", "/staff/mail/x", "/staff/mail/1e3", "/staff/mail/99999999999999999999"])
def test_a_mail_that_is_not_there(portal: PortalUnderTest, path: str) -> None:
    with portal.staff() as browser:
        assert browser.get(path).status_code == 404


def test_mail_is_for_staff_only(portal: PortalUnderTest) -> None:
    with portal.browser(cookie=portal.person("data@alpha.example", Role.DISTRICT, "alpha")) as browser:
        for path in ("/staff/mail", "/staff/mail/1"):
            answer = browser.get(path)
            assert answer.status_code == 404
            assert "data@alpha.example" not in answer.text.replace("<summary>data@alpha.example</summary>", "")


def test_the_command_line_lists_and_tries_again(portal: PortalUnderTest) -> None:
    shell = Shell(portal.settings.paths.root.parent)
    failed = shell.subgroups("mail", "list", "--state", "failed", "--json").data
    assert [(mail["recipient"], mail["state"], mail["tries"]) for mail in failed] == [("gone@alpha.example", "failed", 0)]
    assert LINK not in json.dumps(failed)
    assert shell.subgroups("mail", "retry", "--json").data == {"queued_again": [failed[0]["mail_id"]]}
    assert shell.subgroups("mail", "list", "--state", "failed", "--json").data == []


def test_the_doctor_says_when_mail_cannot_go_out_and_when_some_did_not(portal: PortalUnderTest) -> None:
    from subgroup_pipeline.desk.doctor.mail import failed_mail
    from subgroup_pipeline.desk.doctor.mail import mail_server as can_be_used

    with mail_server() as server:
        good = load_settings(smtp_url=f"smtp://127.0.0.1:{server.port}", mail_from="no-reply@vendor.example")
        assert can_be_used(good) == []
        (no_sender,) = can_be_used(load_settings(smtp_url=f"smtp://127.0.0.1:{server.port}"))
        assert "no address is set" in no_sender.what
    (away,) = can_be_used(good)
    assert f"127.0.0.1 port {server.port} cannot be used" in away.what
    assert can_be_used(load_settings()) == []
    with portal.registry.begin() as session:
        session.get_one(Mail, 1).state = "failed"
    (complaint,) = failed_mail(portal.settings, portal.registry)
    assert complaint.what == "1 mail could not be delivered."


@pytest.mark.slow
@pytest.mark.needs_chromium
def test_mail_is_read_without_javascript(portal: PortalUnderTest) -> None:
    from tests.support.browser import chromium, signed_in

    cookie = portal.person("staff@vendor.example", Role.VENDOR)
    with chromium() as browser, signed_in(browser, portal, cookie, javascript=False) as page:
        page.goto("/staff/mail")
        page.get_by_role("link", name="Set up the uploads").first.press("Enter")
        page.get_by_role("heading", name="What it says").wait_for()
