"""`/staff/people` and `/staff/sign-ins`: who may sign in, with which role, and where they are signed in now."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.browsers import browser_in_words
from subgroup_pipeline.access.people import (
    Wanted,
    count_people,
    described,
    keep_person,
    list_people,
    one_person,
    remove_person,
    role_in_words,
)
from subgroup_pipeline.access.roles import Need, Person, Role
from subgroup_pipeline.access.sign_ins import end_others, end_sign_in, live_sign_ins
from subgroup_pipeline.desk.sign_in_links import sign_in_link
from subgroup_pipeline.errors import PersonRefusedError, SubgroupsError, UnknownPersonError
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.staff_districts import page_number

if TYPE_CHECKING:
    from starlette.responses import Response

    from subgroup_pipeline.access.people import ListedPerson
    from subgroup_pipeline.desk.sign_in_links import ShownLink

_A_PAGE = 50
_ROLES = {role: role_in_words(role) for role in Role}


def people(visit: Visit) -> Response:
    """The list, and the form to add somebody."""
    return _list(visit, {"district": visit.asked("district")})


def add(visit: Visit) -> Response:
    """Add somebody who is not known yet."""
    try:
        person = _as_given(visit, visit.given("email"))
        with visit.registry.begin() as session:
            keep_person(session, person, actor=visit.who, only_new=True)
    except SubgroupsError as error:
        given = {name: visit.given(name) for name in ("email", "role", "district", "schools")}
        return _list(visit, given, wrong=str(error))
    return visit.go(_address(person.email), said=f"{person.email} may sign in now. Send them a link.")


def person_page(visit: Visit) -> Response:
    """One person, with what can be done about them."""
    return _one(visit)


def change(visit: Visit) -> Response:
    """Give a person another role, district or schools."""
    email = _known(visit).email
    _require_other(visit, email)
    try:
        with visit.registry.begin() as session:
            is_changed = keep_person(session, _as_given(visit, email), actor=visit.who)
    except SubgroupsError as error:
        return _one(visit, wrong=str(error))
    return visit.go(_address(email), said="Changed. It is in force now." if is_changed else "That is how it was already.")


def remove(visit: Visit) -> Response:
    """Let a person sign in no more."""
    email = _known(visit).email
    _require_other(visit, email)
    remove_person(visit.registry, email, actor=visit.who)
    return visit.go("/staff/people", said=f"{email} may sign in no more; where they were signed in, that has ended.")


def link(visit: Visit) -> Response:
    """Make a link that signs a person in: queue its mail, or show it once so that it can be handed over."""
    email, is_mailed = _known(visit).email, visit.given("how") == "mail"
    try:
        made = sign_in_link(visit.settings, visit.registry, email, actor=visit.who, is_mailed=is_mailed)
    except PersonRefusedError as error:
        return _one(visit, wrong=str(error))
    if is_mailed:
        return visit.go(_address(email), said=f"A mail with a link to {email} is queued.")
    return _one(visit, link=made)


def sign_ins(visit: Visit) -> Response:
    """Where everybody is signed in now."""
    return visit.page("staff_sign_ins.html", sign_ins=live_sign_ins(visit.registry), in_words=browser_in_words)


def end(visit: Visit) -> Response:
    """End one sign-in of anybody, or all of one person."""
    if email := visit.given("email"):
        ended = end_others(visit.registry, email, actor=visit.who)
        return visit.go(_address(email), said=f"{ended} sign-ins have ended." if ended != 1 else "1 sign-in has ended.")
    is_ended = end_sign_in(visit.registry, visit.given("sign_in"), actor=visit.who)
    return visit.go("/staff/sign-ins", said="That sign-in has ended." if is_ended else "That sign-in had ended before.")


def _list(visit: Visit, given: dict[str, str], *, wrong: str = "") -> Response:
    wanted = Wanted(visit.asked("search")[:200], visit.asked("role"), visit.asked("district")[:60])
    found, page = count_people(visit.registry, wanted), page_number(visit)
    kept = {name: value for name, value in (("search", wanted.search), ("role", wanted.role)) if value}
    kept |= {"district": wanted.district_id} if wanted.district_id else {}
    return visit.page(
        "staff_people.html",
        status=422 if wrong else 200,
        people=list_people(visit.registry, wanted, most=_A_PAGE, after=(page - 1) * _A_PAGE),
        found=found,
        page=page,
        pages=max(1, math.ceil(found / _A_PAGE)),
        pages_at=f"/staff/people?{urlencode({**kept, 'page': ''})}",
        wanted=wanted,
        roles=_ROLES,
        given={"email": "", "role": Role.DISTRICT, "district": "", "schools": ""} | given,
        wrong=wrong,
    )


def _one(visit: Visit, *, wrong: str = "", link: ShownLink | None = None) -> Response:
    person = _known(visit)
    given = {"role": person.role, "district": person.district_id or "", "schools": " ".join(person.school_ids)}
    if wrong and visit.given("role"):
        given = {name: visit.given(name) for name in given}
    return visit.page(
        "staff_person.html",
        status=422 if wrong else 200,
        one=person,
        given=given,
        roles=_ROLES,
        wrong=wrong,
        link=link,
        is_me=person.email == visit.who,
        sign_ins=live_sign_ins(visit.registry, person.email),
        in_words=browser_in_words,
    )


def _known(visit: Visit) -> ListedPerson:
    """The person in the page's address. Raises HTTPException (404) for nobody."""
    try:
        return one_person(visit.registry, visit.path("email"))
    except (UnknownPersonError, PersonRefusedError) as error:
        raise HTTPException(404) from error


def _require_other(visit: Visit, email: str) -> None:
    """Raise HTTPException (409) when somebody would take away their own way in."""
    if email == visit.who:
        raise HTTPException(409, "You cannot change your own role or remove yourself. Ask another person of the staff.")


def _as_given(visit: Visit, email: str) -> Person:
    schools = visit.given("schools").replace(",", " ").split()
    return described(email, visit.given("role"), visit.given("district").strip() or None, schools)


def _address(email: str) -> str:
    return f"/staff/people/{quote(email, safe='@')}"


PAGES = [
    Page("/staff/people", Need.STAFF, get=people, post=add),
    Page("/staff/people/{email}", Need.STAFF, get=person_page, post=change),
    Page("/staff/people/{email}/remove", Need.STAFF, post=remove),
    Page("/staff/people/{email}/link", Need.STAFF, post=link),
    Page("/staff/sign-ins", Need.STAFF, get=sign_ins, post=end),
]
