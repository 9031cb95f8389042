"""The catalogue: how systems and states name their columns, and what their codes mean (`catalogue.yml`, with its sources)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from ruamel.yaml import YAML

from subgroup_pipeline.districts.header_name import squeezed

if TYPE_CHECKING:
    from collections.abc import Mapping

SURE, LIKELY = 94.0, 75.0
"""Of 100. A name as much like a known one as the first is taken for it (one letter in sixteen may differ); from the second on it
is asked about."""
_SHORTEST = 6
"""Letters of a name that is compared by likeness: shorter ones are like everything."""
_WORD = 4
"""Letters from which a cell is compared without its signs: `Non ELL` is `Non-ELL`."""
_PLAIN = ("yes_no", "true_false", "one_zero", "mark")

Way = Literal["usual", "close", "like", "ambiguous", "other", "student_id", "unknown"]


@dataclass(frozen=True)
class Meaning:
    """What a code means; `member` where the words of `value` do not say whether it means being in the group."""

    value: str
    member: bool | None = None


@dataclass(frozen=True)
class System:
    """Codes that belong together. None is a code whose meaning differs from place to place; see the head of the catalogue."""

    name: str
    codes: Mapping[str, Meaning | None]
    is_sole: bool = False
    blank: str = ""
    pairs: tuple[tuple[str, str], ...] = ()
    unless: Mapping[str, str] = field(default_factory=dict)

    def code_of(self, cell: str) -> str | None:
        """The code that a cell is, in the form of `codes`; None when it is none."""
        if cell.lower() in self.codes:
            return cell.lower()
        signless = squeezed(cell)
        return next((code for code in self.codes if squeezed(code) == signless), None) if len(signless) >= _WORD else None


@dataclass(frozen=True)
class KnownSubgroup:
    """A subgroup of the catalogue; `systems` in the order in which they are tried."""

    name: str
    systems: tuple[System, ...]
    is_open: bool = False
    sensitivity: str = "standard"


@dataclass(frozen=True)
class Naming:
    """What a header is, and in which way that is known; `subgroup` is the one it is, or the one it is most like."""

    way: Way
    subgroup: KnownSubgroup | None = None


@dataclass(frozen=True)
class Catalogue:
    """The whole file. Names are squeezed."""

    subgroups: Mapping[str, KnownSubgroup]
    names: Mapping[str, str]
    ambiguous: frozenset[str]
    student_id: tuple[str, ...]
    other: frozenset[str]
    before: tuple[str, ...]
    after: tuple[str, ...]
    blank_words: frozenset[str]

    def naming(self, header: str) -> Naming:
        """What a column of this name is."""
        bare = self._bare(header)
        for name in bare:
            for way, names in (("ambiguous", self.ambiguous), ("student_id", self.student_id), ("other", self.other)):
                if name in names:
                    return Naming(way)  # type: ignore[arg-type]
            if name in self.names:
                return Naming("usual", self.subgroups[self.names[name]])
        return self._like(bare)

    def knows(self, header: str) -> bool:
        """Whether a name stands in the catalogue, as anything."""
        return self.naming(header).way in ("usual", "student_id", "other", "ambiguous")

    @property
    def usual_names(self) -> frozenset[str]:
        """All names of columns, which tell a header from rows."""
        return frozenset((*self.names, *self.student_id, *self.other, *self.ambiguous))

    def _bare(self, header: str) -> list[str]:
        """A name as it is, then without what stands around it, the longest first."""
        names = [squeezed(header)]
        for name in names:  # which grows on the way
            shorter = [name.removesuffix(word) for word in self.after if name.endswith(word)]
            shorter += [name.removeprefix(word) for word in self.before if name.startswith(word)]
            names += [one for one in dict.fromkeys(shorter) if one and one not in names]
        return sorted(filter(None, names), key=len, reverse=True)

    def _like(self, bare: list[str]) -> Naming:
        """The subgroup of the name that is most like one, or neither of two that are equally near."""
        from rapidfuzz import fuzz, process

        best: dict[str, float] = {}
        for name in (name for name in bare if len(name) >= _SHORTEST):
            for known, score, _ in process.extract(name, self.names.keys(), scorer=fuzz.ratio, score_cutoff=LIKELY, limit=8):
                # One digit changes everything: title1 is not title3.
                if len(known) >= _SHORTEST and re.sub(r"\D", "", known) == re.sub(r"\D", "", name):
                    best[self.names[known]] = max(score, best.get(self.names[known], 0))
        ranked = sorted(best.items(), key=lambda item: -item[1])
        if not ranked:
            return Naming("unknown")
        is_sure = ranked[0][1] >= SURE and (len(ranked) == 1 or ranked[1][1] < LIKELY)
        return Naming("close" if is_sure else "like", self.subgroups[ranked[0][0]])


@cache
def catalogue() -> Catalogue:
    """The catalogue, read once."""
    text = files(__package__).joinpath("catalogue.yml").read_text(encoding="utf-8")
    read: dict[str, Any] = YAML(typ="base", pure=True).load(text)
    systems = {name: _system(name, given) for name, given in read["systems"].items()}
    subgroups = {name: _subgroup(name, given, systems) for name, given in read["subgroups"].items()}
    names = {squeezed(alias): name for name, given in read["subgroups"].items() for alias in given["names"]}
    return Catalogue(
        subgroups=subgroups,
        names=names,
        ambiguous=frozenset(_squeezed(read["ambiguous"])),
        student_id=tuple(_squeezed(read["student_id"])),
        other=frozenset(_squeezed(read["other"])),
        before=tuple(read["around"]["before"]),
        after=tuple(read["around"]["after"]),
        blank_words=frozenset(read["blank_words"]),
    )


def _squeezed(lines: list[list[str]]) -> list[str]:
    return [squeezed(name) for line in lines for name in line]


def _system(name: str, given: dict[str, Any]) -> System:
    return System(
        name,
        {code.lower(): _meaning(said) for code, said in given["codes"].items()},
        is_sole=given.get("sole") == "yes",
        blank=given.get("blank", ""),
        pairs=tuple((yes, no) for yes, no in given.get("pairs", ())),
        unless={code.lower(): other.lower() for code, other in given.get("unless", {}).items()},
    )


def _meaning(said: str | dict[str, str]) -> Meaning | None:
    if isinstance(said, str):
        return None if said == "~" else Meaning(said)
    return Meaning(said["value"], said["member"] == "yes")


def _subgroup(name: str, given: dict[str, Any], systems: Mapping[str, System]) -> KnownSubgroup:
    plain = () if given.get("plain") == "no" else _PLAIN
    of_its_own = tuple(systems[system] for system in (*given.get("systems", ()), *plain))
    return KnownSubgroup(name, of_its_own, given.get("open") == "yes", given.get("sensitivity", "standard"))
