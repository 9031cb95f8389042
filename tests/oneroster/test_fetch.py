"""Fetching the lists of a OneRoster server: signing, paging, what is kept, and what is no new delivery."""

from __future__ import annotations

import json

from tests.oneroster_server.oauth import Access, Bearer, Signed, Tokens
from tests.support.roster_server import CLIENT_ID, CLIENT_SECRET, TOKEN, FetchedHome, roster, settings

LISTS = ["orgs", "academicSessions", "courses", "classes", "users", "enrollments"]
SIGNING: dict[str, tuple[Access, str]] = {
    "sha256": (Signed(CLIENT_ID, CLIENT_SECRET), "{type: oauth1}"),
    "sha1": (Signed(CLIENT_ID, CLIENT_SECRET, "HMAC-SHA1"), "{type: oauth1, signature: HMAC-SHA1}"),
    "tokens": (Tokens(CLIENT_ID, CLIENT_SECRET), "{type: oauth2, token_url: URL/tokens/token}"),
    # Each token is good for three requests, so that one ends in the middle of a list.
    "short": (Tokens(CLIENT_ID, CLIENT_SECRET, uses=3), "{type: oauth2, token_url: URL/short/token, scope: roster}"),
    "bearer": (Bearer(TOKEN), "{type: bearer}"),
}


def test_every_way_of_signing_gives_the_whole_roster(home: FetchedHome) -> None:
    for name, (access, auth) in SIGNING.items():
        home.offer(name, access, auth=auth.replace("URL", home.server.url))
    fetched = home.fetch()
    assert (fetched.faults, len(fetched.new)) == ({}, len(SIGNING))
    for name in SIGNING:
        assert home.came(name)[0].proof == "complete_listing"
        for collection in LISTS:
            assert home.kept(collection, name) == home.server.districts[name].lists[collection]


def test_a_wrong_secret_or_signature_is_refused_and_said_without_the_secret(home: FetchedHome) -> None:
    home.offer("secret", Signed(CLIENT_ID, "another secret"))
    home.offer("method", Signed(CLIENT_ID, CLIENT_SECRET, "HMAC-SHA1"))
    home.offer("tokens", Tokens(CLIENT_ID, "another"), auth=f"{{type: oauth2, token_url: {home.server.url}/tokens/token}}")
    faults = home.fetch().faults
    assert "refused our sign-in for orgs: it answered 401" in faults["secret"]
    assert "refused our sign-in for orgs: it answered 401" in faults["method"]
    assert "gave no token for our client: it answered 401" in faults["tokens"]
    assert CLIENT_SECRET not in str(faults)


def test_a_secret_that_was_not_given_is_named(home: FetchedHome) -> None:
    home.offer("alpha")
    home.apply(settings("alpha", home.server.root("alpha"), auth="{type: bearer}"))
    assert "token is not on record" in home.fetch().faults["alpha"]


def test_what_did_not_change_is_no_new_delivery_and_what_did_is(home: FetchedHome) -> None:
    district = home.offer()
    assert len(home.fetch().new) == 1
    for user in district.lists["users"]:
        user["dateLastModified"] = "2026-11-01T00:00:00.000Z"
    district.lists["enrollments"][0]["user"]["href"] = "https://elsewhere.example/users/s000"
    assert home.fetch().seen_again == 1
    district.lists["users"][3]["metadata"]["ell"] = "changed"
    assert len(home.fetch().new) == 1
    district.lists["users"][3]["metadata"]["ell"] = "y"
    assert len(home.fetch().new) == 1
    assert [finding.code for finding in home.came()[-1].findings] == []


PASSWORDS: dict[str, object] = {
    "text": "x",
    "quoted": 'a"b',
    "nothing": None,
    "an_object": {"hash": "x"},
    "list": ["x"],
    "number": 1,
}


def test_passwords_are_not_kept_and_everything_else_is_as_it_came(home: FetchedHome) -> None:
    for name, given in PASSWORDS.items():
        for user in home.offer(name).lists["users"]:
            user["password"] = given
            user["metadata"]["Password"] = "hidden"
            user["profiles"] = [{"credentials": {"passWord": "deep"}, "id": "p"}]
    home.fetch()
    for name in PASSWORDS:
        expected = json.loads(json.dumps(home.server.districts[name].lists["users"]))
        for user in expected:
            del user["password"], user["metadata"]["Password"], user["profiles"][0]["credentials"]["passWord"]
        assert home.kept("users", name) == expected
        for word in (b"hidden", b"deep", b"password"):
            assert word not in home.pages("users", name).lower()


PAGING: dict[str, dict[str, object]] = {
    "all_of_it": {},
    "no_total": {"gives_total": False},
    "no_links": {"gives_links": False},
    "neither": {"gives_total": False, "gives_links": False},
    "smaller": {"most_a_page": 3},
    "smaller_without": {"most_a_page": 3, "gives_total": False, "gives_links": False},
}


def test_a_list_is_fetched_to_its_end_whatever_the_server_says_of_it(home: FetchedHome) -> None:
    for name, behaviour in PAGING.items():
        home.offer(name, behaviour=behaviour)
    assert home.fetch().faults == {}
    for name in PAGING:
        assert home.kept("users", name) == home.server.districts[name].lists["users"]
        assert len(home.kept("enrollments", name)) == 10


def test_a_list_that_is_not_offered_is_no_fault_unless_a_roster_needs_it(home: FetchedHome) -> None:
    offered = home.offer("offered", files=roster() | {"demographics.csv": "sourcedId,sex\ns000,female\n"})
    needed = home.offer("needed")
    del needed.lists["users"]
    fetched = home.fetch()
    assert list(fetched.faults) == ["needed"]
    assert "has no users" in fetched.faults["needed"]
    assert home.kept("demographics", "offered") == offered.lists["demographics"]
    assert not any("demographics" in name for name, _, _ in needed.asked)


def test_requests_of_a_district_are_held_to_what_it_allows(home: FetchedHome) -> None:
    home.offer("alpha", files=roster(60), page_size=1, parallel=2)
    home.server.delay, home.server.most_at_once = 0.005, 0
    try:
        assert home.fetch().faults == {}
    finally:
        home.server.delay = 0.0
    assert home.server.most_at_once == 2
