"""Every page of the portal: addresses for `app.PAGES`, and a home in which each page has something to show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.access.invitations import make_invitation
from subgroup_pipeline.access.people import described, keep_person
from subgroup_pipeline.access.roles import Need, Role
from subgroup_pipeline.access.sign_in_links import make_link
from subgroup_pipeline.desk.links import DATA_DOCS, DBT_DOCS
from subgroup_pipeline.desk.sign_in_links import sign_in_link
from subgroup_pipeline.portal.app import PAGES
from subgroup_pipeline.portal.reports_pages import REPORT_PATHS
from subgroup_pipeline.portal.reports_views import VIEWS
from subgroup_pipeline.registry.schema import Delivery, Mail
from tests.support import small_district as small
from tests.support.portal import send_form

if TYPE_CHECKING:
    from subgroup_pipeline.portal.page import Page
    from tests.support.installation import Installation
    from tests.support.portal import PortalUnderTest

STUDENTS = 60
CLERK, STAFF = "data@alder.example", "staff@vendor.example"
LONG_NAMED = "ann.with.a.rather.long.name@alder.example"
PASSWORD = "seven green walnuts under a bridge"
NO_HTML = (".csv", ".yml", ".{form}", "/seen")
"""How the addresses of files and of parts of pages end."""
SENDS_ON = ("/", "/oidc", "/oidc/callback", "/auth/staff")
"""Pages that lead to another one, whoever asks, and the one that answers a proxy."""


def address(page: Page, parts: Mapping[str, str]) -> str:
    """A page's address, its parts filled in; `segment/name` goes before `name`."""

    def part(found: re.Match[str]) -> str:
        names = f"{found[1].strip('/')}/{found[2]}", found[2]
        value = next((parts[name] for name in names if name in parts), None)
        assert value, f"{page.path} has a part {found[2]!r} that this test cannot fill in: add it to `parts`"
        return found[1] + value

    return re.sub(r"([^/{}]*[/.])\{(\w+)\}", part, page.path)


@dataclass(frozen=True)
class EveryPage:
    """The HTML pages that there are, by who looks at them; those that other tools wrote are not among them."""

    strangers: list[str]
    staff: list[str]
    district: list[str]

    @classmethod
    def of(cls, parts: Mapping[str, str]) -> EveryPage:
        """All of them, for these parts of addresses."""
        of_others = (DATA_DOCS, DBT_DOCS)
        shown = [page for page in PAGES if page.get and not page.path.endswith(NO_HTML) and not page.path.startswith(of_others)]
        shown = [page for page in shown if page.path not in SENDS_ON]
        return cls(
            strangers=_addresses((page for page in shown if page.needs == Need.NOTHING), parts),
            staff=_addresses((page for page in shown if page.needs != Need.NOTHING), parts),
            district=_addresses((page for page in shown if page.needs not in (Need.NOTHING, Need.STAFF)), parts),
        )


def _addresses(pages: Iterable[Page], parts: Mapping[str, str]) -> list[str]:
    """The addresses of pages, and of each view of a report."""
    return [address(page, parts) + view for page in pages for view in ("", *_views(page))]


def _views(page: Page) -> list[str]:
    """What stands behind the address of a page for its other views."""
    level = next((level for level, path in REPORT_PATHS.items() if path == page.path), None)
    of_one = "&of=english_learner&value=yes"
    return [f"?view={view.name}{one}" for view in VIEWS if view.name and level in view.levels for one in ("", of_one)]


def deliver_to_every_page(installation: Installation) -> None:
    """One night: alder is published with odd columns, a few faults and an upload on hold; birch sent half a roster."""
    settings = 'schedule: "02:00"\nprivacy: {public_page: true}\n'
    alder, birch = (installation.add(name, settings) for name in ("alder", "birch"))
    head, *rows = small.subgroups(STUDENTS).splitlines()
    more = [f"{row},{'YN'[number % 2]},Name{number % 7}" for number, row in enumerate(rows)]
    more[5] = more[5].replace(",Y,", ",maybe,").replace(",N,", ",maybe,")
    installation.drop(alder, "roster", small.roster(STUDENTS))
    installation.drop(alder, "subgroups", {"s.csv": "\n".join([f"{head},gifted,first_name", *more]) + "\n"})
    broken = small.roster(STUDENTS // 2)
    del broken["users.csv"]
    installation.drop(birch, "roster", broken)
    installation.night()
    installation.deliver("subgroups", {"half.csv": small.subgroups(STUDENTS // 3)}, alder)
    installation.judge()


def parts_of_every_page(installation: Installation, portal: PortalUnderTest) -> dict[str, str]:
    """What stands in the addresses: alder's deliveries, people, mail and links, and the permit after a set-up."""
    for name in ("cedar", "elm"):
        installation.add(name)
    portal.person(CLERK, Role.DISTRICT, "alder")
    portal.person(STAFF, Role.VENDOR)
    portal.person(LONG_NAMED, Role.SCHOOL, "alder", ["school0", "school1"])
    sign_in_link(installation.settings, installation.registry, CLERK, actor="test", is_mailed=True)
    with installation.registry.begin() as session:
        keep_person(session, described("linked@vendor.example", "vendor"), actor="test")
        invited, used = (make_invitation(session, name, by="test").token for name in ("cedar", "elm"))
        link = make_link(session, "linked@vendor.example", actor="test").token
        newest = sa.select(Delivery.delivery_id).where(Delivery.district_id == "alder", Delivery.feed == "subgroups")
        published = session.scalars(newest.where(Delivery.state == "published")).one()
        held = session.scalars(newest.where(Delivery.state == "held")).one()
        mail = session.scalars(sa.select(sa.func.max(Mail.mail_id))).one()
    with portal.browser() as browser:
        page = send_form(browser, f"/setup/{used}", {"way": "password", "password": PASSWORD, "again": PASSWORD})
    return {
        "district_id": "alder",
        "delivery_id": published,
        "held/delivery_id": held,
        "school_id": "school0",
        "course_id": "course0",
        "student_id": "s000",
        "email": LONG_NAMED,
        "mail_id": str(mail),
        "table": "rpt_school_subgroup",
        "setup/token": invited,
        "sign-in/token": link,
        "connection/permit": page.text.partition('<a href="/connection/')[2].partition('"')[0],
    }
