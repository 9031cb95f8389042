"""Signing in by a link: nothing is used up by looking, one browser wins, and nobody is led or signed in by another website."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.people import described, keep_person
from subgroup_pipeline.access.sign_in_links import make_link
from subgroup_pipeline.logs import open_log
from subgroup_pipeline.portal.page import COOKIE, VISITOR
from subgroup_pipeline.portal.sign_in import BY_ADDRESS, BY_MAIL, local_path
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.schema import AuditEvent, Mail, SignInLink
from subgroup_pipeline.settings import load_settings
from tests.support.portal import PortalUnderTest, portal_running, send_form, token_in
from tests.support.waiting import waited

ANN = "ann@vendor.example"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalUnderTest]:
    settings = load_settings(home=tmp_path_factory.mktemp("home"))
    registry = open_registry(settings)
    with registry.begin() as session:
        keep_person(session, described(ANN, "vendor"), actor="test")
    with portal_running(settings, registry) as portal:
        yield portal
    registry.close()


@pytest.fixture
def browser(portal: PortalUnderTest, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A browser of an address of its own, so that the limits of one test are not those of another."""
    with portal.browser() as browser:
        browser.headers["x-forwarded-for"] = f"test {request.node.name}"
        yield browser


def _link(portal: PortalUnderTest, email: str = ANN) -> str:
    with portal.registry.begin() as session:
        return f"/sign-in/{make_link(session, email, actor='test').token}"


def _count(portal: PortalUnderTest, table: type[Mail | SignInLink]) -> int:
    with portal.registry.begin() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_link_signs_in_once_and_sign_out_ends_it(portal: PortalUnderTest, browser: httpx.Client) -> None:
    link = _link(portal)
    for _ in range(5):
        assert browser.head(link).status_code == browser.get(link).status_code == 200
    done = send_form(browser, link, {"next": "/me"})
    assert (done.status_code, done.headers["location"]) == (303, "/me")
    cookie = next(line for line in done.headers.get_list("set-cookie") if line.startswith(COOKIE))
    assert {"HttpOnly", "SameSite=lax", "Max-Age=28800", "Path=/"} <= set(cookie.split("; "))
    me = browser.get("/me")
    assert ANN in me.text
    browser.headers["x-forwarded-for"] += " again"
    assert browser.get(link).status_code == 404
    secret = browser.cookies[COOKIE]
    done = browser.post("/sign-out", data={"form_token": token_in(me)})
    assert done.headers["location"] == "/sign-in"
    assert COOKIE not in browser.cookies
    assert portal.browser(cookie=secret).get("/me").status_code == 303


def test_dead_links_are_all_alike(portal: PortalUnderTest, browser: httpx.Client) -> None:
    used, over = _link(portal), _link(portal)
    send_form(browser, used, {})
    with portal.registry.begin() as session:
        session.execute(sa.update(SignInLink).where(SignInLink.used_at.is_(None)).values(expires_at=SignInLink.made_at))
    stranger = portal.browser()
    answers = [stranger.get(path) for path in (used, over, "/sign-in/unknown", "/sign-in/" + "x" * 43)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_of_fifty_browsers_one_is_signed_in(portal: PortalUnderTest) -> None:
    link = _link(portal)
    browsers = [portal.browser() for _ in range(50)]
    for number, browser in enumerate(browsers):
        browser.headers["x-forwarded-for"] = f"192.0.2.{number}"
    tokens = [token_in(browser.get(link)) for browser in browsers]

    def post(at: int) -> int:
        return browsers[at].post(link, data={"form_token": tokens[at]}).status_code

    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(post, range(50)))
    assert sorted(statuses) == [303] + [404] * 49


def test_another_website_signs_nobody_in(portal: PortalUnderTest, browser: httpx.Client) -> None:
    """Its page can know the link and its form's token, but not the cookie of the visitor's browser."""
    link = _link(portal)
    token = token_in(portal.browser().get(link))
    forms = [
        browser.post(link, data={"form_token": token}),
        browser.post(link, data={"form_token": token}, headers={"cookie": f"{VISITOR}="}),
        browser.post(link, data={}),
    ]
    own = token_in(browser.get(link))
    foreign = ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"})
    forms += [browser.post(link, data={"form_token": own}, headers=headers) for headers in foreign]
    assert {form.status_code for form in forms} == {403}
    assert COOKIE not in browser.cookies
    as_browsers_do = {"origin": "null", "sec-fetch-site": "same-origin"}  # from a page with the policy no-referrer
    assert browser.post(link, data={"form_token": own}, headers=as_browsers_do).status_code == 303


def test_a_cookie_from_before_is_never_the_one_after(portal: PortalUnderTest, browser: httpx.Client) -> None:
    browser.cookies.set(COOKIE, "planted")
    done = send_form(browser, _link(portal), {})
    first = re.search(rf"{COOKIE}=([^;]+)", done.headers["set-cookie"])
    assert first
    assert first[1] != "planted"
    browser.cookies.clear()
    browser.cookies.set(COOKIE, first[1])
    done = send_form(browser, _link(portal), {})  # signed in anew: the sign-in before has ended
    second = re.search(rf"{COOKIE}=([^;]+)", done.headers["set-cookie"])
    assert second
    assert second[1] != first[1]
    assert portal.browser(cookie=first[1]).get("/me").status_code == 303
    assert portal.browser(cookie=second[1]).get("/me").status_code == 200


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "https:evil.example", "evil.example",
        "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "///evil.example", " //evil.example", "/ /evil.example",
        "/\x00/evil.example", "/d/\u2028evil", "@evil.example", "", "/" + "x" * 502,
    ],
)  # fmt: skip
def test_nobody_is_led_to_another_website(evil: str) -> None:
    assert local_path(evil) == "/"


@pytest.mark.parametrize("path", ["/", "/me", "/d/pine/deliveries/2026-x?page=2&q=a%20b", "/staff/people/a@b.example"])
def test_own_pages_are_gone_on_to(path: str) -> None:
    assert local_path(path) == path


def test_every_address_gets_the_same_answer_and_a_known_one_a_mail(portal: PortalUnderTest, browser: httpx.Client) -> None:
    mails, links = _count(portal, Mail), _count(portal, SignInLink)
    known = send_form(browser, "/sign-in?next=/me", {"email": f" {ANN.upper()}", "next": "/me"})
    unknown = send_form(browser, "/sign-in", {"email": "who@vendor.example", "next": "/me"})
    assert known.status_code == unknown.status_code == 200
    assert known.text.replace(ANN, "") == unknown.text.replace("who@vendor.example", "")
    waited(lambda: _count(portal, Mail) == mails + 1)
    assert _count(portal, SignInLink) == links + 1
    with portal.registry.begin() as session:
        mail = session.scalars(sa.select(Mail).order_by(Mail.mail_id.desc())).first()
    assert mail is not None
    assert mail.recipient == ANN
    url = re.search(r"http://127\.0\.0\.1:8080(/sign-in/\S+)", mail.text)
    assert url
    assert url[1].endswith("?next=/me")
    done = send_form(browser, url[1], {"next": "/me"})
    assert done.headers["location"] == "/me"
    refused = send_form(portal.browser(), "/sign-in", {"email": "nonsense"})
    assert refused.status_code == 422
    assert "no mail address" in refused.text


def test_one_address_is_not_mailed_without_end(portal: PortalUnderTest, browser: httpx.Client) -> None:
    with portal.registry.begin() as session:
        keep_person(session, described("often@vendor.example", "vendor"), actor="test")
    sent = [send_form(browser, "/sign-in", {"email": "often@vendor.example"}) for _ in range(BY_MAIL.tries + 2)]
    assert {answer.status_code for answer in sent} == {200}
    mine = sa.select(sa.func.count()).select_from(Mail).where(Mail.recipient == "often@vendor.example")

    def mailed() -> int:
        with portal.registry.begin() as session:
            return session.scalar(mine) or 0

    waited(lambda: mailed() == BY_MAIL.tries)


def test_one_network_cannot_try_without_end(portal: PortalUnderTest, browser: httpx.Client) -> None:
    began = time.monotonic()
    statuses = [browser.get("/sign-in/guess").status_code for _ in range(BY_ADDRESS.tries + 5)]
    allowed = BY_ADDRESS.tries + int((time.monotonic() - began) / BY_ADDRESS.seconds) + 1
    assert statuses.count(404) <= allowed
    assert statuses[-1] == 429
    browser.headers["x-forwarded-for"] += " elsewhere"
    assert browser.get("/sign-in/guess").status_code == 404


def test_a_person_sees_and_ends_their_own_sign_ins_only(portal: PortalUnderTest, browser: httpx.Client) -> None:
    with portal.registry.begin() as session:
        for email in ("me@vendor.example", "you@vendor.example"):
            keep_person(session, described(email, "vendor"), actor="test")
    browsers = []
    for email, agent in (("me", "Firefox/145.0 (Windows"), ("me", "Chrome/143.0 Macintosh"), ("you", "Safari/1 iPhone")):
        one = portal.browser()
        one.headers["user-agent"] = agent
        send_form(one, _link(portal, f"{email}@vendor.example"), {})
        browsers.append(one)
    mine, other, yours = browsers
    page = mine.get("/me")
    assert "Firefox on Windows" in page.text
    assert "Chrome on Mac" in page.text
    assert "iPhone" not in page.text
    of_you = re.findall(r'value="([0-9a-f]{64})">End<', yours.get("/me").text)
    assert of_you == []
    (of_other,) = re.findall(r'name="sign_in" value="([0-9a-f]{64})"', page.text)
    from subgroup_pipeline.access.tokens import token_hash

    hash_of_yours = token_hash(yours.cookies[COOKIE])
    mine.post("/me", data={"form_token": token_in(page), "sign_in": hash_of_yours})
    assert yours.get("/me").status_code == 200
    mine.post("/me", data={"form_token": token_in(page), "sign_in": of_other})
    assert other.get("/me").status_code == 303
    mine.post("/me", data={"form_token": token_in(page), "sign_in": "others"})
    assert mine.get("/me").status_code == 200


def test_with_tls_the_cookies_are_the_hosts_own(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path, public_url="https://subgroups.example.com")
    registry = open_registry(settings)
    with registry.begin() as session:
        keep_person(session, described(ANN, "vendor"), actor="test")
    with portal_running(settings, registry) as portal:
        link = _link(portal)
        seen = portal.browser().get(link)
        visitor = f"__Host-{VISITOR}={seen.cookies['__Host-' + VISITOR]}"
        done = portal.browser().post(link, data={"form_token": token_in(seen)}, headers={"cookie": visitor})
        cookie = next(line for line in done.headers.get_list("set-cookie") if line.startswith(f"__Host-{COOKIE}="))
        assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    registry.close()


def test_no_token_is_in_the_log_or_the_audit_log(portal: PortalUnderTest, browser: httpx.Client) -> None:
    open_log(portal.settings)
    link = _link(portal)
    send_form(browser, link, {})
    planted = "/sign-in/planted-in-the-address"
    browser.get(planted)
    secrets = [planted, link.removeprefix("/sign-in/"), browser.cookies[COOKIE]]
    with portal.registry.begin() as session:
        said = str([(event.actor, event.detail) for event in session.scalars(sa.select(AuditEvent))])
    logs = [path.read_text() for path in portal.settings.paths.logs.iterdir()]
    assert "portal.signed_in" in "".join(logs)
    assert not any(secret in text for secret in secrets for text in [said, *logs])
