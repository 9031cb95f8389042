"""A page: its address, what it needs of whoever asks, and what it is given when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse

from subgroup_pipeline.access.rate_limits import network_of
from subgroup_pipeline.access.roles import Need, Person, Role
from subgroup_pipeline.portal.rendering import render
from subgroup_pipeline.portal.shield import form_token

if TYPE_CHECKING:
    from starlette.datastructures import UploadFile
    from starlette.requests import Request
    from starlette.responses import Response

    from subgroup_pipeline.access.rate_limits import RateLimits
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

MOST_BYTES = 256 * 1024
"""The largest form without files, and the largest text field of any form."""
COOKIE = "subgroups_sign_in"
VISITOR = "subgroups_visitor"
"""A secret of a browser in which nobody is signed in yet, so that nobody else can send the forms of the sign-in from it."""
SAID = "subgroups_said"
"""A sentence that the next page shows once, for example that something was saved."""


@dataclass(frozen=True)
class Installation:
    """What every page may use: settings, registry, the key that form tokens are made with, and limits of how often."""

    settings: Settings
    registry: Registry
    key: bytes
    limits: RateLimits

    @property
    def is_https(self) -> bool:
        """Whether people reach us by TLS, so that cookies are kept from anything else."""
        return self.settings.portal_url.startswith("https://")

    @property
    def cookie(self) -> str:
        """The name of the cookie of who is signed in."""
        return self.cookie_named(COOKIE)

    def cookie_named(self, name: str) -> str:
        """A cookie's name as it is sent; with TLS the browser sees to it that only this host sets it."""
        return f"__Host-{name}" if self.is_https else name


@dataclass(frozen=True)
class Visit:
    """One request for a page, by a person who may have it. Pages run in a thread, so they may wait for the registry."""

    request: Request
    of: Installation
    person: Person | None
    form: FormData = field(default_factory=FormData)

    @property
    def settings(self) -> Settings:
        """The settings of the installation."""
        return self.of.settings

    @property
    def registry(self) -> Registry:
        """The registry of the installation."""
        return self.of.registry

    @property
    def who(self) -> str:
        """Whom the audit log names."""
        return self.person.email if self.person else "-"

    @cached_property
    def peer(self) -> str:
        """The address that the request came from; a proxy on this machine says whose it is."""
        return self.request.client.host[:64] if self.request.client else ""

    @property
    def place(self) -> str:
        """What tries are counted by: the address, or the network of one that has as many addresses as it likes."""
        return network_of(self.peer)

    @property
    def district_id(self) -> str:
        """The district in the page's address."""
        return self.path("district_id")

    def path(self, name: str) -> str:
        """A part of the address that the page's pattern names."""
        return str(self.request.path_params[name])

    def asked(self, name: str, default: str = "") -> str:
        """A value behind the `?` of the address."""
        return self.request.query_params.get(name, default)

    def given(self, name: str) -> str:
        """A text field of the form that was sent; empty when it is not there."""
        value = self.form.get(name)
        return value if isinstance(value, str) else ""

    def given_file(self, name: str) -> UploadFile | None:
        """A file of the form that was sent; None without one."""
        value = self.form.get(name)
        return None if value is None or isinstance(value, str) or not value.filename else value

    def page(self, template: str, *, status: int = 200, secret: str | None = None, **values: Any) -> Response:  # noqa: ANN401 - a template's values
        """Render a template. Forms in it carry the token of this browser, or of `secret` (a link's) where nobody is signed in."""
        token = form_token(self.of.key, secret if secret is not None else self.request.cookies.get(self.of.cookie, ""))
        said = self.request.cookies.get(SAID, "")
        body = render(
            template,
            token_field=Markup('<input type="hidden" name="form_token" value="{}">').format(token),
            person=self.person,
            is_staff=self.person is not None and self.person.role == Role.VENDOR,
            said=_read_said(said),
            settings=self.settings,
            path=self.request.url.path,
            **values,
        )
        response = HTMLResponse(body, status_code=status)
        if said:
            response.delete_cookie(SAID)
        return response

    def set_cookie(self, response: Response, name: str, value: str, seconds: int | None = None) -> None:
        """Give the browser a secret that no script reads, for some seconds or else until it is closed."""
        response.set_cookie(
            self.of.cookie_named(name), value, max_age=seconds, httponly=True, samesite="lax", secure=self.of.is_https
        )

    def forget_cookie(self, response: Response, name: str) -> None:
        """Have the browser forget a cookie that `set_cookie` gave it."""
        response.delete_cookie(self.of.cookie_named(name), httponly=True, samesite="lax", secure=self.of.is_https)

    def go(self, path: str, said: str = "") -> Response:
        """Send the browser to another page of ours, which then shows a sentence once."""
        response = RedirectResponse(path, status_code=303)
        if said:
            response.set_cookie(SAID, quote(said), max_age=60, httponly=True, samesite="lax", secure=self.of.is_https)
        return response


Endpoint = Callable[[Visit], "Response"]


@dataclass(frozen=True)
class Page:
    """An address with what it needs. `post` is asked with the form, after its origin and token were checked.

    `secret_in` names the part of the address that is a secret of its own (a one-time link), which then takes the place of the
    browser's cookie in form tokens; `is_before_sign_in` puts the visitor's cookie there. `most_bytes` is the largest body of a
    POST. A page that takes files from somebody who is not signed in says in `before_reading` who may send them: it is asked
    before the body is read, and raises HTTPException, so that strangers fill neither disk nor memory.
    """

    path: str
    needs: Need
    get: Endpoint | None = None
    post: Endpoint | None = None
    secret_in: str | None = None
    is_before_sign_in: bool = False
    most_bytes: int = MOST_BYTES
    before_reading: Callable[[Visit], object] | None = None


def _read_said(text: str) -> str:
    return unquote(text)[:500]
