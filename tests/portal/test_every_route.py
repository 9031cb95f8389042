"""Every page of the portal for every role by GET and POST, and what somebody of one district may try to see of another.

A new page is walked by itself. What the page needs (`Need`) decides what is expected of it here; the parts of its address are
filled in from `Walk.parts`.
"""

from __future__ import annotations

import http.client
import itertools
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.invitations import make_invitation
from subgroup_pipeline.access.people import described, keep_person
from subgroup_pipeline.access.roles import Need, Role
from subgroup_pipeline.access.sign_in_links import make_link
from subgroup_pipeline.access.tokens import token_hash
from subgroup_pipeline.desk.sign_in_links import sign_in_link
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.portal.app import PAGES
from subgroup_pipeline.portal.page import COOKIE, Page
from subgroup_pipeline.portal.portal_key import portal_key
from subgroup_pipeline.portal.shield import form_token
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.registry.ledger import get_delivery
from subgroup_pipeline.registry.schema import Mail
from tests.support import small_district as small
from tests.support.every_page import address
from tests.support.home import Home
from tests.support.noticeboard import noticeboard_running
from tests.support.portal import PortalUnderTest, portal_running
from tests.support.published_marts import MadeUp, publish_made_up

CANARY = "quetzal"
"""In whatever is alder's alone: its name, contact, people, files, and what was found in them."""
A, B = "alder", "birch"
STRANGER = "stranger"
WHO = [STRANGER, "vendor", *(f"{role} of {district}" for district in (A, B) for role in ("district", "school", "aggregate"))]
ALLOWED = {
    Need.NOTHING: {STRANGER, "vendor", "district", "school", "aggregate"},
    Need.SIGNED_IN: {"vendor", "district", "school", "aggregate"},
    Need.OVERVIEW: {"vendor", "district", "school", "aggregate"},
    Need.REPORTS: {"vendor", "district", "school"},
    Need.RELEASED: {"vendor", "district", "school", "aggregate"},
    Need.STUDENTS: {"vendor", "district", "school"},
    Need.DELIVERIES: {"vendor", "district"},
    Need.STAFF: {"vendor"},
}
"""Who may, said once more and apart from `access.roles`; people of a district may for their own district only.

People of schools are of s1, which the addresses of reports name, and in which the student s0 is.
"""
OF_A_DISTRICT = (Need.OVERVIEW, Need.REPORTS, Need.RELEASED, Need.STUDENTS, Need.DELIVERIES)


@dataclass
class Walk:
    """A portal over two districts, with a browser of everybody."""

    home: Home
    portal: PortalUnderTest
    browser: httpx.Client
    cookies: dict[str, str]
    deliveries: dict[str, str]
    parts: dict[str, dict[str, str]]
    """What stands in an address for a part of its pattern, by district; `segment/name` goes before `name`."""
    addresses: Iterator[int]

    def path(self, page: Page, district: str) -> str:
        """The address of a page about a district."""
        return address(page, {name: values[district] for name, values in self.parts.items()})

    def ask(self, who: str, method: str, path: str, data: dict[str, str] | None = None) -> httpx.Response:
        """Ask from a network address of one's own, so that limits of how often play no part."""
        headers = {"x-forwarded-for": f"198.51.100.{next(self.addresses)}"}
        if who in self.cookies:
            headers["cookie"] = f"{COOKIE}={self.cookies[who]}"
        answer = self.browser.request(method, path, data=data, headers=headers)
        self.browser.cookies.clear()
        return answer

    def raw(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        """Ask for an address as it stands, which a browser would tidy up first; gives status and all that came back."""
        connection = http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=30)
        connection.putrequest("GET", path, skip_host="host" in headers)
        for name, value in {"x-forwarded-for": f"198.51.100.{next(self.addresses)}", **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        everything = str(answer.getheaders()).encode() + answer.read()
        connection.close()
        return answer.status, everything


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[Walk]:
    root = tmp_path_factory.mktemp("walk") / "home"
    shutil.copytree(template, root)
    home = Home.at(root)
    home.add(A, f"contacts: [{CANARY}@alder.example]\n", **{f"Made-up {A}": f"{CANARY.title()} Unified"})
    home.add(B)
    schools = {district: {"s1": f"School of {CANARY if district == A else B}", "s2": "Other School"} for district in (A, B)}
    publish_made_up(home, {district: MadeUp(schools=schools[district]) for district in (A, B)})
    deliveries = {district: _held(home, district) for district in (A, B)}
    for folder in ("reports/alder", "reports/birch", "gx/data_docs"):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "shown.html").write_text("<p>" + (CANARY if folder != "reports/birch" else "birch"))
    people = {A: "data@alder.example", B: "data@birch.example"}
    with noticeboard_running(home.settings), portal_running(home.settings, home.registry) as portal:
        cookies = {"vendor": portal.person("staff@vendor.example", Role.VENDOR)}
        for (district, email), role in itertools.product(people.items(), (Role.DISTRICT, Role.SCHOOL, Role.AGGREGATE)):
            own = ["s1"] if role == Role.SCHOOL else []
            cookies[f"{role} of {district}"] = portal.person(f"{role}.{email}", role, district, own)
        with home.registry.begin() as session:
            keep_person(session, described("linked@vendor.example", "vendor"), actor="test")
            of_birch = make_invitation(session, B, by="test").token
            link = make_link(session, "linked@vendor.example", actor="test").token
        sign_in_link(home.settings, home.registry, f"district.{people[A]}", actor="test", is_mailed=True)
        with home.registry.begin() as session:
            mail_id = session.scalars(sa.select(Mail.mail_id)).one()
        parts = {
            "district_id": {A: A, B: B},
            "delivery_id": deliveries,
            "school_id": dict.fromkeys((A, B), "s1"),
            "course_id": dict.fromkeys((A, B), "course1"),
            "student_id": dict.fromkeys((A, B), "s0"),
            "page": dict.fromkeys((A, B), "shown.html"),
            "table": dict.fromkeys((A, B), "dim_student"),
            "email": {A: f"district.{people[A]}", B: f"district.{people[B]}"},
            "mail_id": dict.fromkeys((A, B), str(mail_id)),
            "form": dict.fromkeys((A, B), "json"),
            "setup/token": dict.fromkeys((A, B), of_birch),
            "sign-in/token": dict.fromkeys((A, B), link),
            "connection/permit": dict.fromkeys((A, B), "no-permit"),
        }
        with portal.browser() as browser:
            yield Walk(home, portal, browser, cookies, deliveries, parts, itertools.count())
    home.close()


def _held(home: Home, district: str) -> str:
    """A subgroup file on hold, which a page may read again."""
    secret = CANARY if district == A else "birch"
    text = small.subgroups().replace("student_id", f"student_id,{secret}_column", 1)
    delivery_id = home.deliver("subgroups", {f"{secret}.csv": text}, district)
    finding = Finding("SUB506", file=f"{secret}.csv", column="ell", count=3, about=secret)
    with home.registry.begin() as session:
        delivery = get_delivery(session, delivery_id)
        delivery.state, delivery.verdict = "held", "held"
        store_findings(session, "judged", district, delivery_id, [finding])
    return delivery_id


def _may(page: Page, who: str, district: str) -> bool:
    role, _, own = who.partition(" of ")
    return role in ALLOWED[page.needs] and (page.needs not in OF_A_DISTRICT or role == "vendor" or own == district)


def _districts(page: Page) -> tuple[str, ...]:
    return (A, B) if "{district_id}" in page.path or "{delivery_id}" in page.path else (A,)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_who_may_have_a_page(walk: Walk, page: Page) -> None:
    for who, district in itertools.product(WHO, _districts(page)):
        path, may = walk.path(page, district), _may(page, who, district)
        shown = walk.ask(who, "GET", path)
        status, leads_to = shown.status_code, shown.headers.get("location", "")
        if page.get is None:
            assert status == 405, (who, path)
        elif may:
            assert status in (200, 204, 303) or (page.needs == Need.NOTHING and status in (401, 404)), (who, path, status)
            assert page.needs == Need.NOTHING or not leads_to.startswith("/sign-in"), (who, path)
        elif who == STRANGER:
            assert (status, leads_to) == (303, f"/sign-in?next={quote(path)}")
        else:
            assert status == 404, (who, path)
        _require_nothing_of_alder(who, shown)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_who_may_send_a_form(walk: Walk, page: Page) -> None:
    """Who may send one is asked for its token; who may not is turned away although the token is right."""
    for who, district in itertools.product(WHO, _districts(page)):
        path, may = walk.path(page, district), _may(page, who, district)
        token = "0" * 64 if may else form_token(portal_key(walk.home.settings.paths), walk.cookies.get(who, ""))
        sent = walk.ask(who, "POST", path, {"form_token": token})
        expected = 405 if page.post is None else 403 if may else 401 if who == STRANGER else 404
        if may and page.before_reading is not None:
            expected = 404  # a secret that is none is said before what was sent is read
        assert sent.status_code == expected, (who, path)
        _require_nothing_of_alder(who, sent)


def _require_nothing_of_alder(who: str, answer: httpx.Response) -> None:
    if who == STRANGER or who.endswith(B):
        assert CANARY not in (str(answer.headers) + answer.text).lower(), (who, answer.url)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if {"{district_id}", "{delivery_id}"} <= set(re.findall(r"{\w+}", page.path))]
)
def test_another_districts_delivery_is_not_under_ones_own_path(walk: Walk, page: Page) -> None:
    foreign = walk.path(page, B).replace(walk.deliveries[B], walk.deliveries[A])
    for who in ("district of birch", "vendor"):
        assert walk.ask(who, "GET", foreign).status_code == 404
        assert walk.ask(who, "GET", walk.path(page, B)).status_code == 200


WAYS = [
    "/d/{a}", "/d/{a}/", "/d/{a}.", "/d/{a}..", "/d/{a}%20", "/d/%20{a}", "/d/{a}%00", "/d/{a}%0a", "/d/{a}%09", "/d/{a}%2f",
    "/d/{a}%2e", "/d/%61lder", "/d/%2561lder", "/d/ALDER", "/d/Alder", "/D/{a}", "/d//{a}", "//d/{a}", "/./d/{a}",
    "/d/{b}/../{a}", "/d/{b}/..%2f{a}", "/d/{b}%2f..%2f{a}", "/d/{b}%5c..%5c{a}", "/d/{b}/%2e%2e/{a}", "/d/{b};/{a}",
    "/d/{a};x=1", "/d/{b},{a}", "/d/{b}%2c{a}", "/d/{b}%7c{a}", "/d/%2a", "/d/%25", "/d/_____", "/d/alde%25",
    "/d/%EF%BD%81lder", "/d/al%C2%ADder", "/d/%D0%B0lder", "/d/alde%CC%81r", "/d/a%C5%82der", "/d/{a}?district_id={b}",
    "/d/{b}?district_id={a}", "/d/{b}/deliveries?district_id={a}", "/d/{a}/settings?district_id={b}", "/d/{a}/settings.yml",
    "/d/{a}/settings.yml%00", "/d/{a}/guide/template.csv", "/d/{a}/columns", "/d/{b}/deliveries/{x}",
    "/d/{b}/deliveries/{x}/", "/d/{b}/deliveries/{x}.", "/d/{b}/deliveries/{x}%00", "/d/{b}/deliveries/..%2f..%2f{a}",
    "/d/{b}/deliveries/{x}/report.json", "/d/{b}/deliveries/{x}/report.csv", "/d/{b}/deliveries/{x}/report.html",
    "/d/{b}/deliveries/{short}", "/d/{b}/deliveries/%25", "/d/{b}/deliveries/{x}?district_id={a}", "/d/{a}/deliveries/{x}",
    "/d/{a}/deliveries/{y}", "/reports/{a}/shown.html", "/reports/{b}/..%2f{a}%2fshown.html",
    "/reports/{b}/../{a}/shown.html", "/reports/{b}%2f..%2f{a}/shown.html", "/reports/ALDER/shown.html",
    "/reports/{a}%2fshown.html", "/reports/{b}/..%5c{a}%5cshown.html", "/reports//{a}/shown.html", "/staff",
    "/staff/held/{x}", "/staff/districts/{a}", "/staff/districts/{a}/settings",
    "/staff/people/district.quetzal%40alder.example", "/staff?text={a}", "/data-docs/shown.html", "/static/../d/{a}",
    "/static/..%2f..%2fregistry.sqlite",
]  # fmt: skip
HEADERS = [
    {"x-original-url": "/d/alder"}, {"x-rewrite-url": "/d/alder"}, {"x-forwarded-prefix": "/d/alder"},
    {"x-forwarded-host": "alder"},
    {"x-http-method-override": "PUT"}, {"x-forwarded-user": "staff@vendor.example"}, {"remote-user": "staff@vendor.example"},
    {"authorization": "Basic c3RhZmZAdmVuZG9yLmV4YW1wbGU6"}, {"host": "localhost", "x-forwarded-for": "127.0.0.1"},
]  # fmt: skip


def test_there_are_enough_probes() -> None:
    assert len(set(WAYS)) == len(WAYS) >= 60


@pytest.mark.parametrize("way", WAYS)
def test_no_address_shows_another_district(walk: Walk, way: str) -> None:
    x, y = walk.deliveries[A], walk.deliveries[B]
    path = way.format(a=A, b=B, x=x, y=y, short=x[:12])
    own = path.startswith((f"/d/{B}?", f"/d/{B}/deliveries?"))
    for who in ("district of birch", "aggregate of birch"):
        status, everything = walk.raw(path, {"cookie": f"{COOKIE}={walk.cookies[who]}"})
        assert CANARY.encode() not in everything.lower()
        assert status in ((200, 404) if own else (307, 400, 404)), status


@pytest.mark.parametrize("headers", HEADERS, ids=str)
def test_no_header_shows_another_district(walk: Walk, headers: dict[str, str]) -> None:
    of_birch = {"cookie": f"{COOKIE}={walk.cookies['district of birch']}"}
    for path in ("/d/alder", "/d/birch", "/staff", "/"):
        status, everything = walk.raw(path, of_birch | headers)
        assert CANARY.encode() not in everything.lower()
        assert status == {"/d/alder": 404, "/d/birch": 200, "/staff": 404, "/": 303}[path]


def test_no_forged_cookie_signs_anybody_in(walk: Walk) -> None:
    real = walk.cookies["district of alder"]
    forged = [
        token_hash(real), real[:-1], real + "=", real.swapcase(), f"{real}%00", "staff@vendor.example", "' or 1=1 --", "%", "*",
        "null",
        "x" * 4000,
    ]  # fmt: skip
    cookies = [f"{COOKIE}={value}" for value in forged] + [
        f"__Host-{COOKIE}={real}",
        f"{COOKIE.upper()}={real}",
        f"x{COOKIE}={real}",
    ]
    for cookie in cookies:
        status, everything = walk.raw("/d/alder", {"cookie": cookie})
        assert (status, CANARY.encode() in everything.lower()) == (303, False), cookie


@pytest.mark.parametrize(
    "then", ["//evil.example", "/\\evil.example", "https://evil.example", "/%09/evil.example", "/%5cevil.example"]
)
def test_no_link_of_ours_leads_elsewhere(walk: Walk, then: str) -> None:
    shown = walk.ask("district of birch", "GET", f"/sign-in?next={then}")
    assert (shown.status_code, shown.headers["location"]) == (303, "/")


def test_a_form_cannot_name_another_district(walk: Walk) -> None:
    """A district's own form with another district in it: the address decides."""
    cookie = walk.cookies["district of birch"]
    token = form_token(portal_key(walk.home.settings.paths), cookie)
    data = {"form_token": token, "district_id": A, "district": A}
    assert walk.ask("district of birch", "POST", "/d/alder/check-now", data).status_code == 404
    sent = walk.ask("district of birch", "POST", "/d/birch/check-now?district_id=alder", data)
    assert sent.status_code in (200, 303)
    assert CANARY not in sent.text.lower()


def test_a_page_with_an_unknown_part_says_what_to_add(walk: Walk) -> None:
    with pytest.raises(AssertionError, match="has a part 'colour' that this test cannot fill in: add it to `parts`"):
        walk.path(Page("/d/{district_id}/{colour}", Need.STAFF), A)
