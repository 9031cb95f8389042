"""What a report says in sentences: the verdict, what to do, times and sizes. Plain and short: a school clerk reads it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Collection

SEVERITY_WORDS = {
    "fatal": "Stops the upload",
    "hold": "Needs a person",
    "error": "Rows left out",
    "warning": "Please check",
    "info": "Good to know",
}


def verdict_words(state: str, verdict: str | None, set_aside: int) -> str:
    """What became of a delivery, in one sentence."""
    if "rejected" in (state, verdict):
        return "Not used. Nothing of this upload is in the reports."
    if state == "superseded" and verdict in (None, "held"):
        return "Replaced by a newer upload before it was used."
    if "held" in (state, verdict):
        return "On hold. A person has to look at it before it is used."
    if verdict is None:
        return "Waiting. It has not been checked yet."
    rows = f"{set_aside:,} {'row' if set_aside == 1 else 'rows'}"
    but = f", but {rows} had to be left out." if set_aside and verdict == "accepted_with_rows_set_aside" else "."
    used = {"published": "Published{}", "superseded": "Replaced by a newer upload. It was fine{}"}
    return used.get(state, "Accepted{} It will be in the reports after the next run.").format(but)


def what_to_do(state: str, verdict: str | None, severities: Collection[str], codes: Collection[str]) -> list[str]:
    """At most three lines, the most urgent first."""
    if verdict is None or state == "superseded":
        return ["You do not have to do anything now."]
    if verdict == "rejected" or state == "rejected":
        return [
            f"Fix what is marked “{SEVERITY_WORDS['fatal']}” below, then upload the file again.",
            "Until then the reports keep showing the last good data.",
        ]
    if state == "held":
        return _when_held(codes)
    if "error" in severities:
        return [
            "Fix the rows below in your student information system. The next export will carry the change.",
            "Begin with the first problem: fixing it may solve others, too.",
        ]
    if "warning" in severities:
        return ["Nothing is broken. Look at the points below when you have time."]
    return ["You do not have to do anything. Thank you!"]


def _when_held(codes: Collection[str]) -> list[str]:
    if set(codes) <= {"FST701", "BLD001"}:
        return [
            "You do not have to do anything: we look at it and let you know.",
            "Until then the reports keep the last good data.",
        ]
    return [
        f"Read the points marked “{SEVERITY_WORDS['hold']}” below. If the data is wrong, fix it and upload it again.",
        "If the data is right, tell us. We then let it through.",
        "Until then the reports keep showing the last good data.",
    ]


def local_time(moment: datetime, zone: str) -> str:
    """A moment as people write it, in a time zone: October 1, 2026 at 3:05 AM CDT."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%B} {local.day}, {local.year} at {local.hour % 12 or 12}:{local:%M %p} {local.tzname()}"


def shown_words(students: int, as_of: str, roster: str | None, subgroups: str | None) -> str:
    """What readers see now; `roster` and `subgroups` are the times at which those were received, in words."""
    day = date.fromisoformat(as_of)
    counted = f"{students:,} students, counted on {day:%B} {day.day}, {day.year}."
    came = f" The roster came {roster}" if roster else ""
    file = f"; the subgroup file came {subgroups}." if subgroups else "; no subgroup file has been used yet."
    return counted + (came + file if came else "")


def next_run(cron: str, zone: str, now: datetime) -> datetime | None:
    """When a daily cron starts next; None for a plan that is not one time a day."""
    minute, hour, *rest = cron.split()
    if rest != ["*", "*", "*"] or not (minute.isdigit() and hour.isdigit()):
        return None
    local = now.astimezone(ZoneInfo(zone))
    start = local.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    return start if start > local else start + timedelta(days=1)


def size_words(size: int) -> str:
    """A size as people say it."""
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1000:,.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:,.1f} MB"
