"""Only what changed in a list, put into what was fetched before, so that every delivery is a whole roster.

Between the full fetches of a week a list of several pages is asked for what changed after its newest change (`filter`, OneRoster
1.1, 3.4.4). How many objects the server has must then be how many we have: a record that left without a word is found so, at once
and not after a week. Where anything does not fit, the list is fetched in full.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from zlib import crc32

from subgroup_pipeline.intake.oneroster.collection import Listed
from subgroup_pipeline.intake.oneroster.faults import FaultyPageError, NotOfferedError, UnsteadyListError
from subgroup_pipeline.intake.oneroster.pages import PageFacts, objects_of, page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from subgroup_pipeline.intake.oneroster.collection import Collection
    from subgroup_pipeline.reading.listed_pages import ListedCollection

DAYS = 7
"""Every so many days a district's lists are fetched in full."""


def is_full_due(district_id: str, today: date) -> bool:
    """Whether everything is fetched today: on one day in a week, another one for each seventh of the districts."""
    return (today.toordinal() + crc32(district_id.encode())) % DAYS == 0


def changes_of(lists: Collection, known: ListedCollection) -> list[dict[str, Any]] | None:
    """The objects that changed since a list was fetched; None where it has to be fetched in full.

    That is so for a list of one page, which takes as many requests; where objects have no times that tell them apart; and where
    the server does not filter, or has fewer or more objects than it would have.
    """
    if known.pages < 2 or not known.newest_change:
        return None
    pages: list[bytes] = []
    try:
        lists.since(known.newest_change).fetch(pages.append, pages.clear)
        total = lists.total()
    except (FaultyPageError, UnsteadyListError, NotOfferedError):
        return None
    changed = [one for page in pages for one in objects_of(page, lists.name, lists.name)]
    if total is None or len(changed) >= known.objects or not known.objects <= total <= known.objects + len(changed):
        return None
    return changed


def merged(
    lists: Collection, before: Iterator[bytes], changed: list[dict[str, Any]], keep: Callable[[bytes], object]
) -> Listed | None:
    """Write the pages of a list with the changed objects in it. The caller compares the number of objects.

    None where a student was erased from what was kept (an empty object): then only the server knows the whole list.
    """
    kept = [one for page in before for one in json.loads(page)[lists.name]]
    if {} in kept:
        return None
    objects = {one["sourcedId"]: one for one in kept}
    own = len(objects)
    objects |= {one["sourcedId"]: one for one in changed}
    # The server's own order stands while nothing came, so that what it gives in full is the same content.
    ordered = list(objects.values()) if len(objects) == own else [objects[sourced_id] for sourced_id in sorted(objects)]
    listed = Listed()
    for at in range(0, len(ordered), lists.page_size):
        some = ordered[at : at + lists.page_size]
        text = page_of(lists.name, some)
        listed.add(text, PageFacts.of(some))
        keep(text)
    return listed


def pages_in(text: str) -> Iterator[bytes]:
    """The pages that were kept one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        _, end = decoder.raw_decode(text, at)
        yield text[at:end].encode()
        at = end + 1
