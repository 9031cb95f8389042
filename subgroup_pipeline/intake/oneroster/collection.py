"""One list of a OneRoster server, page by page, until it adds up.

Paging as in OneRoster 1.1, section 3.4: `limit` and `offset`, `X-Total-Count`, and the `next` of `Link` (RFC 8288). Pages are
asked for by sourcedId, so that a record that changes moves no other to another page.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

from subgroup_pipeline.intake.oneroster.faults import FaultyPageError, NotOfferedError, NotSharedError, UnsteadyListError
from subgroup_pipeline.intake.oneroster.pages import ListFacts, PageFacts, objects_of, without_passwords

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor, Future

    from httpx import Response

    from subgroup_pipeline.intake.oneroster.server import RosterServer

SWEEPS = 3
"""How often a list is fetched that moves while it is fetched."""
_FAULTY_TRIES = 3
"""How often a page is asked for that is cut off or no list."""
_NEXT = re.compile(r'<[^>]*>\s*;[^,]*\brel\s*=\s*"?next\b', re.IGNORECASE)


@dataclass
class Page:
    """One page: its bytes without passwords, what its objects are, how many the whole list has, and if another follows."""

    text: bytes
    facts: PageFacts
    total: int | None
    follows: bool | None


@dataclass
class Listed:
    """What one sweep over a list gave."""

    pages: int = 0
    largest_page: int = 0
    facts: ListFacts = field(default_factory=ListFacts)

    def add(self, text: bytes, facts: PageFacts) -> None:
        """Take the next page."""
        self.pages += 1
        self.largest_page = max(self.largest_page, len(text))
        self.facts.add(facts)


@dataclass(frozen=True)
class Collection:
    """A list of a server. `where` narrows it, in OneRoster's words for `filter`; `ahead` requests are under way at a time."""

    server: RosterServer
    name: str
    page_size: int
    pool: Executor
    ahead: int
    where: str = ""

    def fetch(self, keep: Callable[[bytes], object], restart: Callable[[], object]) -> Listed:
        """Give every page to `keep`, in order; a list that moved meanwhile is begun anew, after `restart`.

        Raises RosterServerError: UnsteadyListError when the list does not add up in the last sweep either.
        """
        for sweep in count(1):
            restart()
            try:
                return self._sweep(keep)
            except UnsteadyListError:
                if sweep == SWEEPS:
                    raise
        raise AssertionError("the loop ends by returning or raising")

    def total(self) -> int | None:
        """How many objects the whole list has; None where the server does not say. Raises RosterServerError."""
        return replace(self, page_size=1, where="")._page(0).total  # noqa: SLF001 - of its own kind

    def since(self, moment: str) -> Collection:
        """What changed after a moment, as the server writes it (OneRoster 1.1, 3.4.4: `filter`)."""
        return replace(self, where=f"dateLastModified>'{moment}'")

    def _sweep(self, keep: Callable[[bytes], object]) -> Listed:
        listed = Listed()
        first = self._page(0)
        for page in self._pages(first):
            if page.total != first.total:
                raise UnsteadyListError(
                    f"{self._named} changed while it was fetched: first it had {first.total}, then {page.total}."
                )
            listed.add(page.text, page.facts)
            if len(listed.facts.ids) != listed.facts.objects:
                raise UnsteadyListError(f"{self._named} has an object twice; the list moved while it was fetched, or is damaged.")
            keep(page.text)
        if first.total not in (None, listed.facts.objects):
            raise UnsteadyListError(f"{self._named} says that it has {first.total} objects and gave {listed.facts.objects}.")
        return listed

    def _pages(self, first: Page) -> Iterator[Page]:
        """The pages in order: several at a time where the server says how many there are, else one after the other."""
        yield first
        step = len(first.facts.ids)
        if first.total is not None:
            # A server may give fewer than we asked for; then its own measure is the step.
            offsets = range(step, first.total, step) if step else range(0)
            yield from self._in_turn(offsets)
            return
        at, page = step, first
        while page.follows if page.follows is not None else page.facts.ids:
            page = self._page(at)
            at += len(page.facts.ids)
            if page.follows and not page.facts.ids:
                raise UnsteadyListError(f"{self._named} has an empty page in the middle.")
            yield page

    def _in_turn(self, offsets: Iterable[int]) -> Iterator[Page]:
        """Pages in the order of their offsets, fetched a few ahead, so that no whole list waits in memory."""
        under_way: deque[Future[Page]] = deque()
        for offset in offsets:
            under_way.append(self.pool.submit(self._page, offset))
            if len(under_way) > self.ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()

    def _page(self, offset: int) -> Page:
        parameters = {"limit": str(self.page_size), "offset": str(offset), "sort": "sourcedId", "orderBy": "asc"}
        if self.where:
            parameters["filter"] = self.where
        for number in count(1):
            response, body = self._get(parameters, offset)
            try:
                text = without_passwords(body)
                facts = PageFacts.of(objects_of(text, self.name, f"the page of {self._named} from {offset} on"))
            except (FaultyPageError, ValueError, RecursionError) as error:
                if number < _FAULTY_TRIES:
                    continue
                if isinstance(error, FaultyPageError):
                    raise
                raise FaultyPageError(f"the page of {self._named} from {offset} on is no JSON.") from None
            total = response.headers.get("X-Total-Count", "").strip()
            links = response.headers.get("Link")
            follows = None if links is None else bool(_NEXT.search(links))
            return Page(text, facts, int(total) if re.fullmatch(r"[0-9]{1,12}", total) else None, follows)
        raise AssertionError("the loop ends by returning or raising")

    def _get(self, parameters: Mapping[str, str], offset: int) -> tuple[Response, bytes]:
        try:
            return self.server.get(self.name, parameters)
        except (NotOfferedError, NotSharedError) as error:
            if not offset:
                raise
            raise FaultyPageError(f"the page of {self._named} from {offset} on: {error}") from None

    @property
    def _named(self) -> str:
        return f"{self.name} of {self.server.host.name}"
