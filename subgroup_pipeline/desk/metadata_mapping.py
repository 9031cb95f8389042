"""Metadata keys that a person says are subgroups, as a change of the district's settings: its YAML with the columns in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.desk.settings_form import read_values
from subgroup_pipeline.desk.settings_yaml import in_one_line, put, read_yaml, written_yaml
from subgroup_pipeline.districts.header_name import METADATA_PREFIX, canonical
from subgroup_pipeline.districts.membership import means_membership
from subgroup_pipeline.districts.subgroup_settings import NOT_REPORTED
from subgroup_pipeline.districts.subgroup_sources import named_place
from subgroup_pipeline.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from subgroup_pipeline.desk.metadata_keys import FoundKey
    from subgroup_pipeline.desk.proposal.catalogue import Meaning
    from subgroup_pipeline.districts.subgroup_settings import Subgroups

_SOURCE = "roster_metadata"
_FIELDS = ("column", "subgroup", "values", "blank", "open")
_MOST_LINES = 12
"""Texts without a known meaning that are written down to be filled in."""


@dataclass(frozen=True)
class Choice:
    """What a person says of one key: its subgroup, a line per value as `Y = yes`, what a blank means, if any text is taken."""

    column: str
    subgroup: str
    values: str = ""
    blank: str = ""
    is_open: bool = False


def read_choices(given: Mapping[str, str]) -> list[Choice]:
    """The keys of a form that are said to be a subgroup; the fields of each end in its number."""
    numbers = (name.partition(".")[2] for name in given if name.startswith("column."))
    found = ({name: given.get(f"{name}.{number}", "").strip() for name in _FIELDS} for number in numbers)
    return [
        Choice(one["column"], one["subgroup"], one["values"], one["blank"], bool(one["open"])) for one in found if one["subgroup"]
    ]


def proposed_choice(key: FoundKey) -> Choice:
    """What the form says before anybody has changed it: what is proposed, and the texts that want a meaning."""
    proposed = key.proposed
    known = proposed.meanings if proposed else None
    lines = [f"{cell} = {_in_words(meaning, known.blank)}" for cell, meaning in known.values.items()] if known else []
    if not lines and not key.is_own_text and key.distinct <= _MOST_LINES:
        lines = [f"{cell} = " for cell in key.samples]
    is_taken = proposed is not None and proposed.state == "taken"
    subgroup = proposed.subgroup if is_taken and proposed else None
    is_open = bool(subgroup and subgroup.is_open)
    blank = known.blank if known and known.blank != NOT_REPORTED else ""
    return Choice(key.column, subgroup.name if subgroup else "", "" if is_open else "\n".join(lines), blank, is_open)


def _in_words(meaning: Meaning, blank: str) -> str:
    """A meaning as `read_values` reads it; being a member is said where the words do not."""
    if meaning.member is None or means_membership(meaning.value, blank) == meaning.member:
        return meaning.value
    return f"{meaning.value} ({'member' if meaning.member else 'not a member'})"


def own_subgroup(column: str) -> str:
    """A name for a subgroup that no list has, from its key: `metadata.edu.AVID Program` is avid_program."""
    name = re.sub(r"[^a-z0-9]+", "_", column.rpartition(".")[2].casefold()).strip("_")
    return name if re.match(r"[a-z]", name) else f"group_{name}"


def mapped_keys(subgroups: Subgroups | None) -> dict[str, str]:
    """The metadata keys that the settings read already, in canonical form, with the subgroup's name for people."""
    if subgroups is None:
        return {}
    return {
        canonical(place.column): column.shown_name
        for name, column in subgroups.columns.items()
        for place in subgroups.places(name)
        if place.source == _SOURCE
    }


def mapped_text(before: str, subgroups: Subgroups | None, choices: Sequence[Choice]) -> str:
    """The YAML with the keys in it. Raises SettingsError, in words for a clerk, where nothing is chosen or one cannot be."""
    if not choices:
        raise SettingsError("Choose a subgroup for at least one key.")
    if odd := [one.column for one in choices if not canonical(one.column).startswith(METADATA_PREFIX)]:
        raise SettingsError(f"{odd[0]} is no metadata key.")
    document = read_yaml(before)
    sources = list((document.get("subgroups") or {}).get("sources") or ([] if subgroups is None else subgroups.sources))
    if _SOURCE not in sources:
        sources.append(_SOURCE)
        put(document, ("subgroups", "sources"), in_one_line(sources))
    for choice in choices:
        _put_choice(document, subgroups, sources, choice)
    return written_yaml(document, before)


def _put_choice(document: Any, subgroups: Subgroups | None, sources: list[str], choice: Choice) -> None:  # noqa: ANN401 - a YAML tree
    known = next((name for name, one in subgroups.columns.items() if one.subgroup == choice.subgroup), "") if subgroups else ""
    values = {} if choice.is_open else read_values(choice.values)
    if not known:
        column: dict[str, Any] = {"subgroup": choice.subgroup}
        column |= {"open": "true"} if choice.is_open else {"values": in_one_line(values)}
        column |= {"blank": choice.blank} if choice.blank else {}
        put(document, ("subgroups", "columns", choice.column), in_one_line(column))
        return
    assert subgroups is not None  # noqa: S101 - `known` is of them
    if read := next((place.column for place in subgroups.places(known) if place.source == _SOURCE), ""):
        raise SettingsError(f"{subgroups.columns[known].shown_name} is read from {read} already; choose one of the two keys.")
    places = [*(subgroups.columns[known].read_from or ("file",)), choice.column]
    order = ["file" if one == "sftp" else one for one in sources]
    places.sort(key=lambda place: order.index(named_place(place).source))
    put(document, ("subgroups", "columns", known, "from"), in_one_line(places))
    said = {text.casefold() for text in subgroups.known_values(known)}
    for text, value in values.items():
        if text.casefold() not in said and not subgroups.columns[known].open:
            put(document, ("subgroups", "columns", known, "values", text), value)
