"""A file that somebody tries in the portal without delivering it: what `_file_form.html` sent, and what a night would say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.access.rate_limits import Rate
from subgroup_pipeline.desk.rehearsals import MOST_BYTES, rehearse_upload
from subgroup_pipeline.errors import RehearsalError

if TYPE_CHECKING:
    from subgroup_pipeline.desk.rehearsals import Rehearsed
    from subgroup_pipeline.portal.page import Visit
    from subgroup_pipeline.registry.ledger import Feed

CHECKS = Rate(tries=10, seconds=60)
"""Files that may be tried under one name: ten at once, then one a minute."""
MOST_BODY = MOST_BYTES + 64 * 1024
"""Bytes of a form with such a file."""
MOST_MEGABYTES = MOST_BYTES // 1024**2


@dataclass(frozen=True)
class TriedFile:
    """What came of it, or in words why nothing did."""

    checked: Rehearsed | None = None
    wrong: str = ""

    @property
    def status(self) -> int:
        """The HTTP status of the page that says it."""
        return 422 if self.wrong else 200


def try_file(visit: Visit, district_id: str, *, actor: str, limited_by: str) -> TriedFile:
    """Try the file of the form for a district; `limited_by` is the name under which tries are counted."""
    asked = visit.given("feed")
    feed: Feed | None = "roster" if asked == "roster" else "subgroups" if asked == "subgroups" else None
    file = visit.given_file("file")
    if file is None:
        return TriedFile(wrong="Choose a file first.")
    if not visit.of.limits.take("check", limited_by, CHECKS):
        return TriedFile(wrong="That were many files in a short time. Try again in a minute.")
    name = file.filename or ""
    try:
        return TriedFile(rehearse_upload(visit.registry, visit.settings, district_id, name, file.file, actor=actor, feed=feed))
    except RehearsalError as error:
        return TriedFile(wrong=str(error))
