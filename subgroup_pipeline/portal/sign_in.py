"""Signing in by a link that comes by mail, and signing out.

Opening a link uses nothing up, because programs that look through mail open links too; the button on its page does.
The forms are bound to a cookie of the browser, so that another website signs nobody in as somebody else.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from subgroup_pipeline.access.people import normal_email
from subgroup_pipeline.access.rate_limits import Rate
from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.access.sign_in_links import LASTS, link_of, use_link
from subgroup_pipeline.access.sign_ins import LASTS as SIGN_IN_LASTS
from subgroup_pipeline.access.sign_ins import begin_sign_in, end_sign_in
from subgroup_pipeline.access.tokens import new_token, token_hash
from subgroup_pipeline.desk.sign_in_links import sign_in_link
from subgroup_pipeline.errors import PersonRefusedError, UnknownPersonError
from subgroup_pipeline.logs import log_event
from subgroup_pipeline.portal.page import COOKIE, VISITOR, Page, Visit

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from starlette.responses import Response

    from subgroup_pipeline.access.sign_ins import Way

BY_ADDRESS = Rate(tries=20, seconds=6)
"""Of one network address; a whole district may stand behind one."""
BY_MAIL = Rate(tries=3, seconds=300)
"""Mails that one person can be sent by whoever types their address."""
_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]{0,500}", re.ASCII)
"""A path of ours: one slash, then no backslash, blank or control character, of which browsers make slashes or nothing."""


def ask(visit: Visit) -> Response:
    """The form for a mail address."""
    if visit.person is not None:
        return visit.go(local_path(visit.asked("next")))
    return _before_sign_in(visit, "sign_in.html", then=local_path(visit.asked("next")), wrong="", email="", is_asked=False)


def send(visit: Visit) -> Response:
    """Answer the same for every address; whether somebody is known is looked up after the answer, which time would tell else."""
    require_tries(visit)
    typed, then = visit.given("email"), local_path(visit.given("next"))
    try:
        email = normal_email(typed)
    except PersonRefusedError as error:
        return _before_sign_in(visit, "sign_in.html", status=422, then=then, wrong=str(error), email=typed[:254], is_asked=False)
    response = _before_sign_in(visit, "sign_in.html", then=then, wrong="", email=email, is_asked=True)
    response.background = BackgroundTask(_send_link, visit, email, then)
    return response


def open_link(visit: Visit) -> Response:
    """One button for a link that is live; the same page for every other one."""
    require_tries(visit)
    with visit.registry.begin() as session:
        link = link_of(session, visit.path("token"))
    if link is None:
        return dead_link(visit)
    other = visit.who if visit.person is not None and visit.who != link.email else ""
    return _before_sign_in(visit, "sign_in_link.html", email=link.email, other=other, then=local_path(visit.asked("next")))


def use(visit: Visit) -> Response:
    """Sign in with a link, once; the link and the sign-in are one transaction."""
    require_tries(visit)
    with visit.registry.begin() as session:
        email = use_link(session, visit.path("token"))
        cookie = None if email is None else begin_here(visit, session, email, "link")
    if cookie is None:
        return dead_link(visit)
    return signed_in(visit, cookie, visit.given("next"))


def begin_here(visit: Visit, session: Session, email: str, way: Way) -> str:
    """Begin a sign-in in the browser of a visit; gives the secret for its cookie."""
    return begin_sign_in(session, email, way=way, peer=visit.peer, browser=visit.request.headers.get("user-agent", ""))


def signed_in(visit: Visit, cookie: str, then: str) -> Response:
    """Give a browser its new cookie and lead it on. Whoever was signed in there before is not any more."""
    _end_here(visit)
    response = visit.go(local_path(then))
    visit.set_cookie(response, COOKIE, cookie, int(SIGN_IN_LASTS.total_seconds()))
    visit.forget_cookie(response, VISITOR)
    return response


def dead_link(visit: Visit) -> Response:
    """The page for a link that is used, over or unknown."""
    return visit.page("sign_in_dead.html", status=404)


def sign_out(visit: Visit) -> Response:
    """End the sign-in of this browser."""
    _end_here(visit)
    response = visit.go("/sign-in", said="You are signed out.")
    visit.forget_cookie(response, COOKIE)
    return response


def local_path(text: str) -> str:
    """A path on this server to go on to; `/` for anything else, so that a link of ours leads nobody to another website."""
    return text if _LOCAL.fullmatch(text) else "/"


def _before_sign_in(visit: Visit, template: str, *, status: int = 200, **values: object) -> Response:
    """A page whose form is bound to the visitor's cookie; the frame's own forms, which are not, are left out."""
    secret = visit.request.cookies.get(visit.of.cookie_named(VISITOR)) or new_token()
    response = replace(visit, person=None).page(
        template, status=status, secret=secret, minutes=int(LASTS.total_seconds() // 60), **values
    )
    visit.set_cookie(response, VISITOR, secret)
    return response


def _send_link(visit: Visit, email: str, then: str) -> None:
    if not visit.of.limits.take("sign-in mail", email, BY_MAIL):
        log_event("sign_in_link.limited")
        return
    try:
        sign_in_link(visit.settings, visit.registry, email, actor=email, is_mailed=True, then="" if then == "/" else then)
    except (UnknownPersonError, PersonRefusedError):
        log_event("sign_in_link.not_made", peer=visit.peer)


def require_tries(visit: Visit) -> None:
    """Raise HTTPException (429) when too much was tried from one network address."""
    if not visit.of.limits.take("sign-in", visit.place, BY_ADDRESS):
        raise HTTPException(
            429, "Too many tries came from your network just now. Wait a minute and try again.", {"retry-after": "60"}
        )


def _end_here(visit: Visit) -> None:
    if visit.person is not None:
        cookie = visit.request.cookies.get(visit.of.cookie, "")
        end_sign_in(visit.registry, token_hash(cookie), actor=visit.who)


PAGES = [
    Page("/sign-in", Need.NOTHING, get=ask, post=send, is_before_sign_in=True),
    Page("/sign-in/{token}", Need.NOTHING, get=open_link, post=use, is_before_sign_in=True),
    Page("/sign-out", Need.SIGNED_IN, post=sign_out),
]
