"""`/staff/mail`: all mail with what became of it, the words of one, and trying again."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.mail import STATE_WORDS, mail_page, read_mail, retry_mail
from subgroup_pipeline.errors import MailError
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.staff_districts import page_number

if TYPE_CHECKING:
    from starlette.responses import Response


def mail(visit: Visit) -> Response:
    """The list, newest first, of all mail or of that in one state."""
    state = visit.asked("state") if visit.asked("state") in STATE_WORDS else ""
    number = page_number(visit)
    return visit.page(
        "staff_mail.html",
        listed=mail_page(visit.registry, state, number),
        state=state,
        number=number,
        words=STATE_WORDS,
        pages_at="/staff/mail?" + urlencode({"state": state} if state else {}) + ("&page=" if state else "page="),
        is_sent=visit.settings.smtp_server is not None,
        has_sender=bool(visit.settings.sender_address),
    )


def one_mail(visit: Visit) -> Response:
    """The words of a mail. Without a mail server this is how a link reaches whom it is for, so it is shown as it stands."""
    try:
        found = read_mail(visit.registry, _mail_id(visit), by=visit.who)
    except MailError as error:
        raise HTTPException(404) from error
    return visit.page("staff_mail_one.html", mail=found.listed, text=found.text, words=STATE_WORDS)


def try_again(visit: Visit) -> Response:
    """Try all again."""
    again = retry_mail(visit.registry, by=visit.who)
    return visit.go("/staff/mail", said=f"Queued again: {len(again)}.")


def try_one_again(visit: Visit) -> Response:
    """Try one again."""
    mail_id = _mail_id(visit)
    try:
        again = retry_mail(visit.registry, mail_id, by=visit.who)
    except MailError as error:
        raise HTTPException(404) from error
    said = "It is queued again." if again else "There was nothing to try again."
    return visit.go(f"/staff/mail/{mail_id}", said=said)


def _mail_id(visit: Visit) -> int:
    """The number in the address. Raises HTTPException (404) for what is none."""
    given = visit.path("mail_id")
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise HTTPException(404)
    return int(given)


PAGES = [
    Page("/staff/mail", Need.STAFF, get=mail, post=try_again),
    Page("/staff/mail/{mail_id}", Need.STAFF, get=one_mail, post=try_one_again),
]
