"""Signing in with the account of an organization, against a real sign-in service: what lets in, and what does not."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from joserfc.jwk import OctKey, RSAKey

from subgroup_pipeline.access.people import described, keep_person
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.portal.oidc import BEGUN
from subgroup_pipeline.portal.page import COOKIE
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.schema import AuditEvent, Person
from subgroup_pipeline.settings import load_settings
from tests.portal.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, provider_running
from tests.support import small_district as small
from tests.support.home import apply
from tests.support.portal import PortalUnderTest, portal_running

ANN = {"email": "Ann@vendor.example", "email_verified": True}
ROLES = {
    "oidc_role_claim": "k12_role",
    "oidc_roles": "k12-admin=vendor, data-manager=district,teacher=school",
    "oidc_district_claim": "k12_district",
}


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with provider_running() as provider:
        yield provider


@pytest.fixture(scope="module")
def portal(provider: IdentityProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalUnderTest]:
    settings = load_settings(
        home=tmp_path_factory.mktemp("home"),
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        **ROLES,
    )
    registry = open_registry(settings)
    apply(registry, small.settings("ash"))
    with registry.begin() as session:
        keep_person(session, described("ann@vendor.example", "vendor"), actor="test")
    with portal_running(settings, registry) as portal:
        yield portal
    registry.close()


@pytest.fixture(autouse=True)
def _as_it_should(provider: IdentityProvider) -> None:
    provider.claims, provider.algorithm, provider.signing_key = dict(ANN), "RS256", None


@pytest.fixture
def browser(portal: PortalUnderTest, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with portal.browser() as browser:
        browser.headers["x-forwarded-for"] = f"test {request.node.name}"
        yield browser


def _sent_back(browser: httpx.Client, then: str = "/me") -> str:
    """Go to the sign-in service; gives the address to which it sends the browser back, as the portal under test has it."""
    left = browser.get("/oidc", params={"next": then})
    assert left.status_code == 303, left.text
    back = httpx.get(left.headers["location"], follow_redirects=False).headers["location"]
    return back.removeprefix("http://127.0.0.1:8080")


def _person(portal: PortalUnderTest, email: str) -> tuple[Any, ...] | None:
    with portal.registry.begin() as session:
        row = session.get(Person, email)
        return None if row is None else (row.role, row.district_id, row.school_ids)


def test_a_known_person_signs_in_and_keeps_their_role(
    portal: PortalUnderTest, provider: IdentityProvider, browser: httpx.Client
) -> None:
    assert "/oidc?next=/d/ash" in browser.get("/sign-in?next=/d/ash").text
    back = _sent_back(browser)
    asked = provider.asked[-1]
    assert asked["redirect_uri"] == "http://127.0.0.1:8080/oidc/callback"
    assert {"openid", "email"} <= set(asked["scope"].split())
    assert asked["code_challenge_method"] == "S256"
    done = browser.get(back)
    assert (done.status_code, done.headers["location"]) == (303, "/me")
    assert "ann@vendor.example" in browser.get("/me").text
    assert BEGUN not in browser.cookies
    assert _person(portal, "ann@vendor.example") == ("vendor", None, [])
    with portal.registry.begin() as session:
        query = sa.select(AuditEvent.detail).where(AuditEvent.kind == "portal.signed_in")
        events: list[dict[str, Any]] = list(session.scalars(query))
    assert events[-1]["way"] == "oidc"
    assert browser.get(back).status_code == 401  # an address that signed in once does not again


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"aud": "another"}, "cannot be trusted"),
        ({"aud": [CLIENT_ID, "another"], "azp": "another"}, "cannot be trusted"),
        ({"iss": "http://127.0.0.1:1"}, "cannot be trusted"),
        ({"nonce": "another"}, "cannot be trusted"),
        ({"exp": int(time.time()) - 3600}, "cannot be trusted"),
        ({"email_verified": False}, "has not verified"),
        ({"email_verified": None}, "has not verified"),
        ({"email": "who@vendor.example"}, "is not known here"),
        ({"email": "\u212aim@vendor.example"}, "no mail address that can be used"),
        ({"email": "who@vendor.example", "k12_role": "janitor"}, "is not known here"),
        ({"k12_role": "data-manager", "k12_district": "oak"}, "which is not set up here"),
        ({"k12_role": "data-manager"}, "does not fit together"),
        ({"k12_role": "teacher", "k12_district": "ash"}, "does not fit together"),
    ],
)
def test_what_the_service_says_is_not_taken(
    portal: PortalUnderTest, provider: IdentityProvider, browser: httpx.Client, claims: dict[str, Any], words: str
) -> None:
    provider.claims |= claims
    done = browser.get(_sent_back(browser))
    assert done.status_code == 401
    assert words in done.text
    assert COOKIE not in browser.cookies
    assert _person(portal, "ann@vendor.example") == ("vendor", None, [])
    assert _person(portal, "who@vendor.example") is None


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_a_token_that_anybody_could_sign_is_refused(provider: IdentityProvider, browser: httpx.Client, algorithm: str) -> None:
    back = _sent_back(browser)
    state = provider.codes[parse_qs(urlsplit(back).query)["code"][0]]
    provider.claims |= {"nonce": state["nonce"]}
    provider.algorithm = algorithm
    if algorithm == "HS256":
        provider.signing_key = OctKey.import_key(CLIENT_SECRET * 3)
    assert "cannot be trusted" in browser.get(back).text
    assert COOKIE not in browser.cookies


def test_a_token_of_another_key_is_refused(provider: IdentityProvider, browser: httpx.Client) -> None:
    provider.signing_key = RSAKey.generate_key(2048, {"kid": "one"})
    assert "cannot be trusted" in browser.get(_sent_back(browser)).text
    assert COOKIE not in browser.cookies


def test_only_the_browser_that_was_sent_there_is_signed_in(portal: PortalUnderTest, browser: httpx.Client) -> None:
    """Another's answer, put into somebody's browser, would sign them in as that other."""
    with portal.browser() as other:
        of_other = _sent_back(other)
        assert browser.get(of_other).status_code == 401  # nothing was begun here
        _sent_back(browser)
        assert browser.get(of_other).status_code == 401  # something else was
    forged = base64.urlsafe_b64encode(json.dumps(["s"] * 4).encode()).decode()
    for tampered in ("{0}xx", forged + ".{1}", "", "{0}.{1}"):
        back = _sent_back(browser)
        kept = browser.cookies[BEGUN].split(".", 1)
        browser.cookies.clear()
        assert browser.get(back, headers={"cookie": f"{BEGUN}={tampered.format(*kept)}"}).status_code == (
            303 if tampered == "{0}.{1}" else 401
        )
    browser.cookies.clear()
    back = _sent_back(browser)
    assert browser.get(back.replace("state=", "state=x")).status_code == 401
    assert COOKIE not in browser.cookies


def test_claims_give_roles_and_take_them(portal: PortalUnderTest, provider: IdentityProvider) -> None:
    def signs_in(**claims: Any) -> int:  # noqa: ANN401 - whatever a claim holds
        provider.claims = {"email": "data@ash.example", "email_verified": True, **claims}
        with portal.browser() as browser:
            browser.headers["x-forwarded-for"] = f"test {claims}"
            return browser.get(_sent_back(browser)).status_code

    assert signs_in(k12_role="data-manager", k12_district="ash") == 303
    assert _person(portal, "data@ash.example") == ("district", "ash", [])
    assert signs_in(k12_role=["teacher", "x"], k12_district=["ash"], school_ids=["s2", "s1"]) == 303
    assert _person(portal, "data@ash.example") == ("school", "ash", ["s1", "s2"])
    assert signs_in(k12_role=["teacher", "k12-admin"], k12_district="ash") == 303  # the first of the setting goes first
    assert _person(portal, "data@ash.example") == ("vendor", None, [])
    assert signs_in() == 401
    assert signs_in(k12_role="janitor") == 401


@pytest.mark.parametrize("evil", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_nobody_is_led_to_another_website(browser: httpx.Client, evil: str) -> None:
    assert browser.get(_sent_back(browser, evil)).headers["location"] == "/"


def test_a_service_that_says_no_or_nothing_is_said_in_words(portal: PortalUnderTest, browser: httpx.Client) -> None:
    back = _sent_back(browser)
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert "did not let you in" in browser.get(f"/oidc/callback?error=access_denied&state={state}").text
    back = _sent_back(browser)
    assert "does not answer" in browser.get(back.replace("code=", "code=x")).text
    settings = portal.settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})
    with portal_running(settings, portal.registry) as without, without.browser() as stranger:
        assert "does not answer" in stranger.get("/oidc").text
    settings = portal.settings.model_copy(update={"oidc_issuer": ""})
    with portal_running(settings, portal.registry) as without, without.browser() as stranger:
        assert stranger.get("/oidc").status_code == 404
        assert "/oidc" not in stranger.get("/sign-in").text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("oidc_issuer", "http://login.example.com"),
        ("oidc_roles", "admin=owner"),
        ("oidc_roles", "vendor"),
        ("oidc_issuer", "login"),
    ],
)
def test_settings_that_cannot_be_are_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"SUBGROUPS_{name.upper()}"):
        load_settings(**{name: value})
