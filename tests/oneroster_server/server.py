"""The server: collections with paging, filters and faults on demand, for one or many districts, on loopback."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.oneroster_server.oauth import Access, Tokens
from tests.oneroster_server.objects import Maker, Object, as_1p2, read_set

ROOT = "/ims/oneroster/v1p1"
ROOT_1P2 = "/ims/oneroster/rostering/v1p2"
_GRADEBOOK = ("categories", "lineItems", "results")
_PREDICATE = re.compile(r"\s*([\w.]+)\s*(!=|>=|<=|=|>|<|~)\s*'([^']*)'\s*$")
_COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "~": lambda a, b: b.casefold() in a.casefold(),
}

Fault = Callable[["Asked"], Response | None]
"""What a fault does with a request: another answer, or None for the usual one (it may change the lists on the way)."""


@dataclass
class Asked:
    """One request for a page: which list, from where on, and the how manieth of this list and offset it is."""

    district: District
    collection: str
    offset: int
    limit: int
    filter: str
    time: int
    answer: Callable[[], Response]


@dataclass
class District:
    """What one district offers: its lists, who may ask, and how the server behaves."""

    access: Access
    lists: dict[str, list[Object]] = field(default_factory=dict)
    fault: Fault | None = None
    gives_total: bool = True
    gives_links: bool = True
    most_a_page: int = 10_000
    filters: bool = True
    version: str = "1.1"
    asked: list[tuple[str, int, str]] = field(default_factory=list)
    """Collection, offset and filter of every request that was let in, in order."""

    def offer(self, files: Mapping[str, str | bytes], root: str = ROOT) -> None:
        """Offer a CSV set in place of what was offered."""
        make = Maker(root)
        self.lists = {kind: make.objects(kind, rows) for kind, rows in read_set(files).items()}
        if self.version == "1.2":
            self.lists = {kind: [as_1p2(kind, one) for one in objects] for kind, objects in self.lists.items()}


class OneRosterServer:
    """Districts by the first part of the path (`/alpha/ims/oneroster/v1p1/users`); `delay` seconds pass before each answer."""

    def __init__(self, delay: float = 0.0) -> None:
        self.districts: dict[str, District] = {}
        self.delay = delay
        self.at_once = 0
        self.most_at_once = 0
        self.url = ""
        self.consoles: dict[str, list[dict[str, str]]] = {}
        """What ClassLink's proxy lists, by the token of an application's console."""
        routes = [
            Route("/applications", self._applications),
            Route("/{district}/token", self._token, methods=["POST"]),
            Route("/{district}" + ROOT + "/{collection}", self._list),
            Route("/{district}/ims/oneroster/{service}/v1p2/{collection}", self._list),
        ]
        self.app = Starlette(routes=routes)

    def add(self, name: str, access: Access, files: Mapping[str, str | bytes], **behaviour: Any) -> District:  # noqa: ANN401
        """A district that offers a CSV set."""
        district = self.districts[name] = District(access, **behaviour)
        district.offer(files, f"{self.url}/{name}{ROOT}")
        return district

    def root(self, name: str) -> str:
        """The address that a district's settings have as `url`."""
        is_1p2 = name in self.districts and self.districts[name].version == "1.2"
        return f"{self.url}/{name}{ROOT_1P2 if is_1p2 else ROOT}"

    async def _applications(self, request: Request) -> Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.consoles:
            return _failure(401, "unauthorisedrequest")
        return JSONResponse({"applications": self.consoles[token]})

    async def _token(self, request: Request) -> Response:
        district = self.districts.get(request.path_params["district"])
        access = district.access if district else None
        form = {name: str(value) for name, value in (await request.form()).items()}
        token = access.token_for(request, form) if isinstance(access, Tokens) else None
        if token is None:
            return JSONResponse({"error": "invalid_client"}, 401)
        return JSONResponse({"access_token": token, "token_type": "bearer", "expires_in": access.life})  # type: ignore[union-attr]

    async def _list(self, request: Request) -> Response:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.delay)
            return self._answer(request)
        finally:
            self.at_once -= 1

    def _answer(self, request: Request) -> Response:
        district = self.districts.get(request.path_params["district"])
        if district is None:
            return _failure(404, "unknownobject")
        if not district.access.allows(request):
            return _failure(401, "unauthorisedrequest")
        collection = request.path_params["collection"]
        service = request.path_params.get("service")
        is_there = service in (None, "gradebook" if collection in _GRADEBOOK else "rostering")
        if collection not in district.lists or not is_there or (service is None) != (district.version == "1.1"):
            return _failure(404, "unknownobject")
        limit = min(int(request.query_params.get("limit", "100")), district.most_a_page)
        offset = int(request.query_params.get("offset", "0"))
        where = request.query_params.get("filter", "")
        before = sum(1 for name, at, _ in district.asked if (name, at) == (collection, offset))
        district.asked.append((collection, offset, where))

        def answer() -> Response:
            return _page(district, request, collection, offset, limit)

        asked = Asked(district, collection, offset, limit, where, before + 1, answer)
        found = district.fault(asked) if district.fault else None
        return found or answer()


def _page(district: District, request: Request, collection: str, offset: int, limit: int) -> Response:
    objects = district.lists[collection]
    where = request.query_params.get("filter")
    if where and district.filters:
        objects = [one for one in objects if _matches(one, where)]
    if request.query_params.get("orderBy") == "desc":
        objects = objects[::-1]
    headers: dict[str, str] = {}
    if district.gives_total:
        headers["X-Total-Count"] = str(len(objects))
    if district.gives_links:
        base = str(request.url.replace(query=""))
        links = [f'<{base}?limit={limit}&offset=0>; rel="first"']
        if offset + limit < len(objects):
            links.insert(0, f'<{base}?limit={limit}&offset={offset + limit}>; rel="next"')
        headers["Link"] = ", ".join(links)
    return JSONResponse({collection: objects[offset : offset + limit]}, headers=headers)


def _matches(one: Object, where: str) -> bool:
    """OneRoster 1.1, 3.4.4: predicates on fields, joined by one AND or one OR."""
    for word, joined in ((" AND ", all), (" OR ", any)):
        if word in where:
            return joined(_matches(one, part) for part in where.split(word))
    said = _PREDICATE.match(where)
    assert said is not None, where
    return _COMPARE[said[2]](str(one.get(said[1], "")), said[3])


def _failure(status: int, minor: str) -> Response:
    """OneRoster 1.1, 3.6: the body of a fault."""
    said = {"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_CodeMinor": {"imsx_codeMinorField": [{"value": minor}]}}
    return JSONResponse(said, status)


@contextmanager
def serving(delay: float = 0.0) -> Iterator[OneRosterServer]:
    """A server on a free port of loopback."""
    made = OneRosterServer(delay)
    server = uvicorn.Server(uvicorn.Config(made.app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    started = threading.Event()
    startup = server.startup

    async def start(*args: Any, **options: Any) -> None:  # noqa: ANN401
        await startup(*args, **options)
        started.set()

    server.startup = start  # type: ignore[method-assign]
    thread.start()
    if not started.wait(20):
        raise OSError("the OneRoster server did not start")
    made.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.should_exit = True
        thread.join(20)
