"""`/staff/audit`: the audit log, narrowed and paged, as a table and as CSV."""

from __future__ import annotations

import csv
import io
from datetime import MAXYEAR, UTC, datetime, timedelta
from urllib.parse import urlencode

from starlette.responses import Response

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.audit import Sought, as_row, audit_events, audit_kinds, verify_audit
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.reports.csv_table import BOM, safe_cell

PAGE = 100
MOST_IN_CSV = 100_000
_FIELDS = ("district", "kind", "who", "since", "until")


def log(visit: Visit) -> Response:
    """One page of events, newest first, and the address of the next older ones."""
    asked = {name: visit.asked(name)[:254] for name in _FIELDS}
    before = visit.asked("before")
    sought = _sought(asked, int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None)
    events = list(audit_events(visit.registry, sought, PAGE + 1))
    filters = urlencode({name: value for name, value in asked.items() if value})
    older = f"{filters}&before={events[PAGE - 1].event_id}".lstrip("&") if len(events) > PAGE else ""
    return visit.page(
        "staff_audit.html",
        events=events[:PAGE],
        asked=asked,
        kinds=audit_kinds(visit.registry),
        filters=filters,
        older=older,
        proof=None,
    )


def as_csv(visit: Visit) -> Response:
    """The events that the page shows, all pages of them; taking them away is an event itself."""
    asked = {name: visit.asked(name)[:254] for name in _FIELDS}
    text = io.StringIO(newline="")
    table = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    table.writerow(("event_id", "at", "kind", "actor", "district_id", "delivery_id", "detail"))
    for event in audit_events(visit.registry, _sought(asked, None), MOST_IN_CSV):
        table.writerow([safe_cell(cell) for cell in as_row(event).values()])
    with visit.registry.begin() as session:
        record_event(session, "audit.exported", actor=visit.who, detail={name: value for name, value in asked.items() if value})
    headers = {"content-disposition": 'attachment; filename="audit.csv"'}
    return Response(BOM + text.getvalue(), media_type="text/csv", headers=headers)


def verify(visit: Visit) -> Response:
    """Prove the whole log now, which reads all of it."""
    proof = verify_audit(visit.registry)
    asked = dict.fromkeys(_FIELDS, "")
    return visit.page(
        "staff_audit.html", events=[], asked=asked, kinds=audit_kinds(visit.registry), filters="", older="", proof=proof
    )


def _sought(asked: dict[str, str], before: int | None) -> Sought:
    until = _day(asked["until"])
    return Sought(
        district_id=asked["district"].strip(),
        kind=asked["kind"],
        actor=asked["who"].strip(),
        since=_day(asked["since"]),
        until=until + timedelta(days=1) if until and until.year < MAXYEAR else None,
        before_event=before,
    )


def _day(text: str) -> datetime | None:
    """A day of a date field, in UTC; none for what is no date."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


PAGES = [
    Page("/staff/audit", Need.STAFF, get=log, post=verify),
    Page("/staff/audit.csv", Need.STAFF, get=as_csv),
]
