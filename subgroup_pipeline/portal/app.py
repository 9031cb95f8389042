"""The application: all pages behind one gate, which asks who comes, whether they may, and what their form carries."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from subgroup_pipeline.access.rate_limits import RateLimits
from subgroup_pipeline.access.roles import may
from subgroup_pipeline.access.sign_ins import signed_in_person
from subgroup_pipeline.portal import (
    connection,
    district_check,
    district_columns,
    district_guide,
    district_keys,
    district_overview,
    district_roster,
    district_settings,
    district_try,
    district_uploads,
    documents,
    doorkeeper,
    front,
    lineage,
    mail,
    me,
    oidc,
    people,
    released,
    reports_pages,
    reports_student,
    reports_students,
    setup,
    sign_in,
    staff_audit,
    staff_district,
    staff_districts,
    staff_holds,
    staff_invitations,
    staff_propose,
    staff_release,
    staff_settings,
)
from subgroup_pipeline.portal.health import health_route
from subgroup_pipeline.portal.metrics import metrics_route
from subgroup_pipeline.portal.page import COOKIE, MOST_BYTES, VISITOR, Installation, Visit
from subgroup_pipeline.portal.portal_key import portal_key
from subgroup_pipeline.portal.sftpgo import sftpgo_routes
from subgroup_pipeline.portal.shield import AddressAsSent, SafeHeaders, answered_hosts, require_form_token, require_own_origin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from subgroup_pipeline.access.roles import Person
    from subgroup_pipeline.portal.health import Parts
    from subgroup_pipeline.portal.page import Page
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

PAGES: list[Page] = [
    *front.PAGES,
    *setup.PAGES,
    *connection.PAGES,
    *documents.PAGES,
    *doorkeeper.PAGES,
    *district_check.PAGES,
    *district_columns.PAGES,
    *district_guide.PAGES,
    *sign_in.PAGES,
    *me.PAGES,
    *lineage.PAGES,
    *oidc.PAGES,
    *people.PAGES,
    *district_keys.PAGES,
    *district_overview.PAGES,
    *district_roster.PAGES,
    *district_settings.PAGES,
    *district_try.PAGES,
    *district_uploads.PAGES,
    *released.PAGES,
    *reports_pages.PAGES,
    *reports_students.PAGES,
    *reports_student.PAGES,
    *mail.PAGES,
    *staff_propose.PAGES,
    *staff_release.PAGES,
    *staff_settings.PAGES,
    *staff_audit.PAGES,
    *staff_district.PAGES,
    *staff_districts.PAGES,
    *staff_holds.PAGES,
    *staff_invitations.PAGES,
]
"""Every page there is. A test walks all of them with every role."""


def portal_app(settings: Settings, registry: Registry, parts: Parts) -> Starlette:
    """Build the application over an installation."""
    installation = Installation(settings, registry, portal_key(settings.paths), RateLimits())
    static = StaticFiles(packages=[("subgroup_pipeline.portal", "static"), ("subgroup_pipeline.reports", "static")])
    return Starlette(
        routes=[
            health_route(parts),
            metrics_route(settings, registry, parts),
            Mount("/static", GZipMiddleware(static)),
            *sftpgo_routes(settings, registry),
            *(_route(page, installation) for page in PAGES),
        ],
        middleware=[
            Middleware(SafeHeaders, is_https=installation.is_https),
            Middleware(TrustedHostMiddleware, allowed_hosts=answered_hosts(settings)),
            Middleware(AddressAsSent),
        ],
        exception_handlers={HTTPException: _refusal(installation), 500: _refusal(installation)},
    )


def _route(page: Page, installation: Installation) -> Route:
    async def answer(request: Request) -> Response:
        endpoint = page.post if request.method == "POST" else page.get
        if endpoint is None:
            raise HTTPException(405, headers={"allow": "POST"})
        cookie = request.cookies.get(installation.cookie, "")
        person = await run_in_threadpool(signed_in_person, installation.registry, cookie) if cookie else None
        parts = request.scope["path_params"] = {name: unquote(part) for name, part in request.path_params.items()}
        if not may(person, page.needs, parts.get("district_id"), parts.get("school_id")):
            return _turned_away(request, person)
        form = FormData()
        if request.method == "POST":
            require_own_origin(request, installation.settings)
            if page.before_reading is not None:
                await run_in_threadpool(page.before_reading, Visit(request, installation, person))
            form = await _read_form(request, page)
            secret = _form_secret(request, page, installation)
            require_form_token(str(form.get("form_token", "")), installation.key, secret)
        try:
            return await run_in_threadpool(endpoint, Visit(request, installation, person, form))
        finally:
            await form.close()

    methods = [method for method, there in (("GET", page.get), ("POST", page.post)) if there]
    return Route(page.path, answer, methods=methods)


def _form_secret(request: Request, page: Page, installation: Installation) -> str:
    """What the forms of a page are bound to: a link's secret, or a cookie of the browser."""
    if page.secret_in:
        return str(request.path_params[page.secret_in])
    return request.cookies.get(installation.cookie_named(VISITOR if page.is_before_sign_in else COOKIE), "")


def _turned_away(request: Request, person: Person | None) -> Response:
    """Send strangers to the sign-in; to others what is not theirs looks as what is not there."""
    if person is None and request.method in ("GET", "HEAD"):
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(wanted)}", status_code=303)
    if person is None:
        raise HTTPException(401, "You are not signed in any more. Sign in and do it again.")
    raise HTTPException(404)


async def _read_form(request: Request, page: Page) -> FormData:
    """Read a form of limited size. Raises HTTPException: 413 for a larger one, however it is sent, 400 when it breaks off."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > page.most_bytes:
        raise HTTPException(413, "This is larger than the form takes.")
    try:
        # A file goes to disk; a text field is held in memory, so it is small whatever the page takes.
        return await request.form(max_files=4, max_fields=500, max_part_size=MOST_BYTES)
    except ClientDisconnect:
        raise HTTPException(400) from None


def _refusal(installation: Installation) -> Callable[[Request, Exception], Awaitable[Response]]:
    """The page for an error: what happened and what to do, and nothing about what is inside."""

    async def refuse(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        words = error.detail if isinstance(error, HTTPException) and status not in (404, 405) else ""
        visit = Visit(request, installation, None)
        response = await run_in_threadpool(visit.page, "error.html", status=status, status_code=status, words=words)
        if isinstance(error, HTTPException) and error.headers:
            response.headers.update(error.headers)
        return response

    return refuse
