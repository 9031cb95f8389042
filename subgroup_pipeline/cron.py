"""The hour of the night as cron: five fields that Dagster takes, refused here when they are out of range or never come."""

from __future__ import annotations

import re

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
_NAMES = {
    name: str(number)
    for names, first in (("jan feb mar apr may jun jul aug sep oct nov dec", 1), ("sun mon tue wed thu fri sat", 0))
    for number, name in enumerate(names.split(), first)
}
_LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
_PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?")


def as_cron(text: str) -> str:
    """Five cron fields, as given or from `HH:MM`. Raises ValueError that says which field cannot be."""
    clock = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*", text)
    fields = [str(int(clock[2])), str(int(clock[1])), "*", "*", "*"] if clock else text.split()
    if len(fields) != 5:
        raise ValueError("write HH:MM, for example 03:00, or five cron fields")
    days, months = [_numbers(field.lower(), *limits) for field, limits in zip(fields, _FIELDS, strict=True)][2:4]
    if fields[4] == "*" and all(min(days) > _LONGEST.get(month, 31) for month in months):
        raise ValueError(f"`{text}` never comes: no such month has a day {min(days)}")
    return " ".join(fields)


def _numbers(field: str, name: str, least: int, most: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        spelled = re.sub(r"[a-z]{3}", lambda word: _NAMES.get(word[0], word[0]), part)
        match = _PART.fullmatch(spelled)
        if match is None:
            raise ValueError(f"`{part}` is no {name}; write HH:MM, for example 03:00, or five cron fields")
        first = int(match[1] or least)
        last = int(match[2] or (first if match[1] and not match[3] else most))
        if not (least <= first <= last <= most) or match[3] == "0":
            raise ValueError(f"`{part}` is no {name}: it goes from {least} to {most}")
        found |= set(range(first, last + 1, int(match[3] or 1)))
    return found
