"""What a report says in sentences: the verdict, what to do, times and sizes. Plain and short: a school clerk reads it."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from subgroup_pipeline.findings.severity import SEVERITY_WORDS
from subgroup_pipeline.local_time import day_words
from subgroup_pipeline.warehouse.oneroster import is_endpoint

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

LET_THROUGH = "Looked at and let through"
_ASKS_US = re.compile(r"\b((?:tell|ask|call|write to) us)\b", re.IGNORECASE)
_MARKED = re.compile(r"`([^`]+)`")
NAMED = 3
"""Files or columns that a line names; the report lists all of them below it."""


def level_words(severity: str, state: str) -> str:
    """How grave a finding is now: what held a delivery that is used has been looked at by a person."""
    return LET_THROUGH if severity == "hold" and state in USED_STATES else SEVERITY_WORDS[severity]


USED_STATES = ("accepted", "published", "superseded")


def contact_words(name: str, mail: str, phone: str) -> str:
    """Who "we" are, and how to reach us."""
    if not (name or mail or phone):
        return (
            "“We” and “us” are the team that runs this service. The colleague who arranged this account for your district "
            "knows how to reach it."
        )
    return f"“We” and “us” are {_address(name or 'the team that runs this service', mail, phone)}."


def with_contact(text: str, name: str, mail: str, phone: str) -> str:
    """A text that asks the reader to tell us something, with the address to do so where one is set."""
    address = _address(name, mail, phone)
    return _ASKS_US.sub(lambda said: f"{said[1]} ({address})", text, count=1) if address else text


def without_backticks(text: str) -> str:
    """A finding's text, in which names stand between backticks, as people write it: with quotation marks."""
    return _MARKED.sub(r"“\1”", text)


def _address(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


_FETCHED = {
    "then upload the file again": "and we fetch it again in the next night",
    "fix it and upload it again": "fix it, and we fetch it again in the next night",
    "before you upload it again": "before the next night",
    "upload the roster again": "we fetch it again in the next night",
    "Upload your roster into inbox/roster.": "Your roster could not be fetched yet.",
    "Nothing of this upload": "Nothing of it",
    "looked at this upload": "looked at it",
    "by a newer upload": "by a newer roster",
}


def of_fetched(text: str) -> str:
    """A text about an upload, as it is said of a roster that we fetch."""
    for upload, fetched in _FETCHED.items():
        text = text.replace(upload, fetched)
    return text


def place_in_words(file: str | None, line: int | None, column: str | None) -> str:
    """A place: users.csv, line 5, column role; or of a roster server: /users, object 4, field role."""
    is_list = is_endpoint(file)
    at = f"{'object' if is_list else 'line'} {line}" if line else ""
    of = f"{'field' if is_list else 'column'} {column}" if column else ""
    return ", ".join(filter(None, (file, at, of)))


def place_words(places: Sequence[tuple[str | None, str | None]]) -> str:
    """Files and columns in one line: users.csv, column role; or: 5 columns of s.csv (ell, sped, gifted and 2 more)."""
    files = list(dict.fromkeys(file for file, _ in places if file))
    columns = list(dict.fromkeys(column for _, column in places if column))
    of_file, of_row = ("list", "field") if any(map(is_endpoint, files)) else ("file", "column")
    if len(files) > 1:
        return f"{len(files)} {of_file}s ({_some(files)})" + (f", {_columns(columns, of_row)}" if columns else "")
    return ", ".join(part for part in (*files, _columns(columns, of_row)) if part)


def _columns(names: Sequence[str], word: str) -> str:
    if not names:
        return ""
    return f"{word} {names[0]}" if len(names) == 1 else f"{len(names)} {word}s ({_some(names)})"


def _some(names: Sequence[str]) -> str:
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


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


def what_to_do(
    state: str, verdict: str | None, severities: Collection[str], codes: Collection[str], roster_state: str | None = None
) -> list[str]:
    """At most three lines, the most urgent first.

    `codes` are those of findings that hold or make the delivery wait; `roster_state` is that of the district's newest roster.
    """
    if verdict is None and "SUB509" in codes:
        return _when_without_roster(roster_state)
    if verdict is None or state == "superseded":
        return ["You do not have to do anything now."]
    if "rejected" in (state, verdict):
        return _when_rejected(severities)
    return _when_held(codes) if state == "held" else _when_used(severities)


_KEPT = "Until then the reports keep showing the last good data."


def _when_rejected(severities: Collection[str]) -> list[str]:
    if "fatal" not in severities:
        return ["A person looked at this upload and did not let it through. Ask us why before you upload it again.", _KEPT]
    return [f"Fix what is marked “{SEVERITY_WORDS['fatal']}” below, then upload the file again.", _KEPT]


def _when_used(severities: Collection[str]) -> list[str]:
    if "error" in severities:
        return [
            "Fix the rows below in your student information system. The next export will carry the change.",
            "Begin with the first problem: fixing it may solve others, too.",
        ]
    if "warning" in severities:
        return ["Nothing is broken. Look at the points below when you have time."]
    return ["You do not have to do anything. Thank you!"]


def _when_without_roster(roster_state: str | None) -> list[str]:
    later = "This file is checked when a roster of yours is in use. You do not have to upload it again."
    if roster_state is None:
        return ["Upload your roster into inbox/roster.", later]
    if roster_state == "rejected":
        return ["Your roster was not used. Its own report says what to fix; upload the roster again.", later]
    if roster_state == "held":
        return ["You do not have to do anything here: your roster waits for a person, and its own report says why.", later]
    return ["You do not have to do anything now.", later]


def _when_held(codes: Collection[str]) -> list[str]:
    if set(codes) <= {"FST701", "BLD001"}:
        return ["You do not have to do anything: we look at it, and your next report says what came of it.", _KEPT]
    return [
        f"Read the points marked “{SEVERITY_WORDS['hold']}” below. If the data is wrong, fix it and upload it again.",
        "If the data is right, tell us. We then let it through.",
        _KEPT,
    ]


def shown_words(students: int, as_of: str, roster: str | None, subgroups: str | None) -> str:
    """What readers see now; `roster` and `subgroups` are the times at which those were received, in words."""
    counted = f"{students:,} students, counted on {day_words(date.fromisoformat(as_of))}."
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
