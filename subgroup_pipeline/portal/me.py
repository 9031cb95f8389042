"""`/me`: the browsers in which a person is signed in, which they can end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.access.browsers import browser_in_words
from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.access.sign_ins import end_others, end_sign_in, live_sign_ins
from subgroup_pipeline.access.tokens import token_hash
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response


def me(visit: Visit) -> Response:
    """Where this person is signed in."""
    sign_ins = live_sign_ins(visit.registry, visit.who)
    return visit.page("me.html", sign_ins=sign_ins, here=_here(visit), in_words=browser_in_words)


def end(visit: Visit) -> Response:
    """End one of this person's sign-ins, or all but the one they do it from."""
    if visit.given("sign_in") == "others":
        ended = end_others(visit.registry, visit.who, actor=visit.who, but=_here(visit))
        return visit.go("/me", said="You are signed in nowhere else now." if ended else "You were signed in nowhere else.")
    is_ended = end_sign_in(visit.registry, visit.given("sign_in"), actor=visit.who, email=visit.who)
    return visit.go("/me", said="That sign-in has ended." if is_ended else "That sign-in had ended before.")


def _here(visit: Visit) -> str:
    return token_hash(visit.request.cookies.get(visit.of.cookie, ""))


PAGES = [Page("/me", Need.SIGNED_IN, get=me, post=end)]
