"""The section `subgroups` of a district's YAML: where subgroups are, and what their cells mean."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import ConfigDict, Field, field_validator, model_serializer, model_validator

from subgroup_pipeline.districts.header_name import canonical
from subgroup_pipeline.districts.membership import means_membership
from subgroup_pipeline.districts.settings_part import Part
from subgroup_pipeline.districts.subgroup_catalogue import Sensitivity, default_sensitivity, standard_subgroup
from subgroup_pipeline.districts.subgroup_sources import (
    RACE_ETHNICITY,
    VOCABULARY,
    Source,
    SubgroupPlace,
    named_place,
    roster_place,
)

SUBGROUP_KEY = re.compile(r"^[a-z][a-z0-9_]{0,60}$")
NOT_REPORTED = "not_reported"
ALL_STUDENTS = "all_students"
_ROMAN = re.compile(r"\b(i{1,3}|iv|vi?)\b")


class KnownValue(Part):
    """What a text of a cell means: `y: yes`, or in full `LV1: {value: level_1, member: true}`."""

    value: str
    member: bool | None = Field(None, description="whether the value means being in the group; without it, by its words")

    @model_validator(mode="before")
    @classmethod
    def _value_alone(cls, given: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        return {"value": given} if isinstance(given, str) else given

    @model_serializer
    def _as_short_as_written(self) -> str | dict[str, Any]:
        """A value alone stays a text, in `district show --json` and in the registry: settings of before compare as equal."""
        return self.value if self.member is None else {"value": self.value, "member": self.member}


def _sensitivity_of(column: dict[str, Any]) -> Sensitivity:
    """What the catalogue says of a column that is being read; what is wrong in it has a fault of its own."""
    return default_sensitivity(column.get("subgroup", ""), (known.value for known in column.get("values", {}).values()))


class SubgroupColumn(Part):
    """How one column of the subgroup file, or of the roster, is read."""

    model_config = ConfigDict(populate_by_name=False, serialize_by_alias=True)

    subgroup: str
    read_from: tuple[str, ...] = Field((), alias="from", description="places, instead of every source in `sources`")
    values: dict[str, KnownValue] = Field(default_factory=dict)
    open: bool = False
    blank: str = NOT_REPORTED
    blank_words: list[str] | None = Field(None, description="instead of those of the section")
    optional: bool = False
    aliases: list[str] = Field(default_factory=list)
    label: str = ""
    sensitivity: Sensitivity = Field(default_factory=_sensitivity_of)

    @field_validator("subgroup")
    @classmethod
    def _subgroup_key(cls, value: str) -> str:
        if not SUBGROUP_KEY.fullmatch(value) or value == ALL_STUDENTS:
            raise ValueError("a subgroup is named in lower case with _, for example english_learner, and not all_students")
        return value

    def _standard_values(self) -> dict[str, str]:
        places = [named_place(name) for name in self.read_from]
        return places[0].vocabulary if len(places) == 1 else {}

    @field_validator("read_from", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("read_from")
    @classmethod
    def _places(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        places = [named_place(name) for name in value]
        if len({place.source for place in places}) < len(places):
            raise ValueError("one place a source: write one metadata column, one column of demographics.csv, or both")
        return tuple(place.column or "file" for place in places)

    @model_validator(mode="after")
    def _values_or_open(self) -> SubgroupColumn:
        if not self.values and not self.open and not self._standard_values():
            raise ValueError("give the known values (values: {y: yes, n: no}), or open: true to take any text")
        folded = [key.strip().lower() for key in self.values]
        twice = sorted({key for key in folded if folded.count(key) > 1})
        if twice:
            raise ValueError(f"values are compared without regard to case: {', '.join(twice)} stands there twice")
        if "" in folded:
            raise ValueError("a blank cell is not one of the values; say what it means with `blank:`")
        if not all(value.strip() for value in (self.blank, *(known.value for known in self.values.values()))):
            raise ValueError("a value is empty; write a word, or leave the line out to have it reported as not_reported")
        return self

    @model_validator(mode="after")
    def _blank_words(self) -> SubgroupColumn:
        known = {key.strip().lower() for key in self.values}
        if both := [word for word in self.blank_words or () if word.strip().lower() in known]:
            raise ValueError(f"{both[0]} stands both in `values` and in `blank_words`")
        return self

    @model_validator(mode="after")
    def _members(self) -> SubgroupColumn:
        said = {(known.value, known.member) for known in self.values.values() if known.member is not None}
        if said and self.open:
            raise ValueError("`member` needs a column whose values are all known; leave out `member`, or `open`")
        if (NOT_REPORTED, True) in said:
            raise ValueError(f"{NOT_REPORTED} says nothing of a student, so it cannot be `member: true`")
        if twice := sorted(value for value, member in said if member and (value, False) in said):
            raise ValueError(f"{twice[0]} is both `member: true` and `member: false`")
        return self

    @property
    def shown_name(self) -> str:
        """The subgroup's name for people: `label`, else that of the catalogue, else the words of its key."""
        return self.label or subgroup_in_words(self.subgroup)

    def value_label(self, value: str) -> str | None:
        """What the catalogue calls a value; None where the words of the value are its name."""
        standard = standard_subgroup(self.subgroup)
        return standard.value_labels.get(value) if standard else None

    def is_member(self, value: str) -> bool | None:
        """Whether a value means being in the group: as the settings say, else by its words. None where any text may stand."""
        if self.open:
            return None
        said = [known.member for known in self.values.values() if known.value == value and known.member is not None]
        return said[0] if said else means_membership(value, self.blank)


def in_words(name: str) -> str:
    """A name of the settings as people write it: `english_learner` is English learner, and `title_i` is Title I."""
    words = _ROMAN.sub(lambda numeral: numeral[0].upper(), name.replace("_", " "))
    return words[:1].upper() + words[1:]


def subgroup_in_words(name: str) -> str:
    """The name of a subgroup as the catalogue has it, else in its own words."""
    standard = standard_subgroup(name)
    return standard.label if standard else in_words(name)


class Subgroups(Part):
    """Where subgroups are, and what their columns mean: in a file of their own, in the roster, or in both."""

    sources: Annotated[tuple[Source, ...], Field(min_length=1)] = ("file",)
    path: str = "inbox/subgroups"
    files: str = "*.csv"
    student_id_column: str = "student_id"
    matches: str = "users.sourcedId"
    blank_words: list[str] = Field(default_factory=list, description="texts that are read as a blank cell")
    columns: dict[str, SubgroupColumn]

    @property
    def reads_file(self) -> bool:
        """Whether the district delivers a subgroup file."""
        return "file" in self.sources

    @property
    def reads_roster(self) -> bool:
        """Whether subgroups are read from the roster."""
        return set(self.sources) != {"file"}

    @property
    def match_field(self) -> str:
        """`matches`, with the name of a metadata column in the form in which it is landed."""
        return canonical(self.matches) if self.matches.startswith("metadata.") else self.matches

    def places(self, name: str) -> tuple[SubgroupPlace, ...]:
        """Where a column's values are, in order of precedence (architecture 3.17): what `from` names, else every source."""
        own = SubgroupPlace("file", canonical(name))
        written = [roster_place(word) or own for word in self.columns[name].read_from]
        if not written and (itself := roster_place(name)) and itself.source in self.sources:
            written = [itself]
        if not written:
            of_roster = (roster_place(f"{prefix}.{name}") for prefix in ("metadata", "demographics"))
            written = [own, *filter(None, of_roster)]
        return tuple(place for source in self.sources for place in written if place.source == source)

    def known_values(self, name: str) -> dict[str, str]:
        """What cells of a column mean: as the settings say, else as OneRoster does for a column of demographics.csv."""
        column = self.columns[name]
        if column.values or column.open:
            return {text: known.value for text, known in column.values.items()}
        return self.places(name)[0].vocabulary

    def words_read_as_blank(self, name: str) -> list[str]:
        """Texts that a column has for a blank cell, in lower case. What its `values` name keeps its meaning."""
        own = self.columns[name].blank_words
        known = {text.strip().lower() for text in self.known_values(name)}
        return [word for given in (self.blank_words if own is None else own) if (word := given.strip().lower()) not in known]

    def is_required(self, name: str, source: Source) -> bool:
        """Whether a source must have the column: the first of its places, unless it is optional. The others fill in."""
        return not self.columns[name].optional and self.places(name)[0].source == source

    @field_validator("matches")
    @classmethod
    def _field(cls, value: str) -> str:
        if not re.fullmatch(r"users\.(sourcedId|identifier|username)|userIds:[^{}:,\s]+|metadata\.\S+", value):
            raise ValueError("allowed: users.sourcedId, users.identifier, users.username, userIds:<type>, metadata.<name>")
        return value

    @model_validator(mode="after")
    def _names_differ(self) -> Subgroups:
        names = [self.student_id_column, *self.columns, *(a for c in self.columns.values() for a in c.aliases)]
        headers = [canonical(name) for name in names]
        subgroups = [column.subgroup for column in self.columns.values()]
        for kind, words in (("column", headers), ("subgroup", subgroups)):
            twice = sorted({word for word in words if words.count(word) > 1})
            if twice:
                raise ValueError(f"the {kind} {', '.join(twice)} is given twice (case, spaces and hyphens do not count)")
        return self

    @model_validator(mode="after")
    def _sources_and_columns_agree(self) -> Subgroups:
        repeated = sorted({source for source in self.sources if self.sources.count(source) > 1})
        if repeated:
            raise ValueError(f"`sources` names {repeated[0]} twice")
        for name in self.columns:
            self._check_places(name)
        unused = [s for s in self.sources if not any(p.source == s for name in self.columns for p in self.places(name))]
        if self.columns and unused:
            raise ValueError(f"`sources` names {unused[0]}, and no column is read from it; leave it out, or name it in a `from`")
        of_file = [name for name in ("path", "files", "student_id_column") if not self._is_default(name)]
        if of_file and not self.reads_file:
            raise ValueError(f"`{of_file[0]}` speaks of a subgroup file, and `sources` does not name `file`")
        return self

    def _check_places(self, name: str) -> None:
        """Raises ValueError when a column contradicts `sources`."""
        column, places = self.columns[name], self.places(name)
        written = [named_place(word).source for word in column.read_from]
        if missing := [source for source in written if source not in self.sources]:
            raise ValueError(f"the column {name} is `from` {missing[0]}, which `sources` does not name; add it there")
        if not places:
            raise ValueError(f"no source has the column {name}; say where it is with `from: demographics.<column>`")
        if written and [place.source for place in places] != written:
            raise ValueError(f"the places of {name} stand in another order than `sources`, whose order counts")
        if column.aliases and all(place.source != "file" for place in places):
            raise ValueError(f"`aliases` of {name} are headers of a subgroup file; a roster column is named by `from`")
        if column.blank_words and all(place.source == "demographics" for place in places):
            raise ValueError(f"`blank_words` of {name} are for a subgroup file and metadata columns, not for demographics")
        lost = sorted(set(VOCABULARY[RACE_ETHNICITY]) - {key.strip().lower() for key in self.known_values(name)})
        if lost and not column.open and any(place.column == f"demographics.{RACE_ETHNICITY}" for place in places):
            raise ValueError(f"`values` of {name} must name all, or be left out with `from`; missing: {', '.join(lost)}")

    def _is_default(self, name: str) -> bool:
        return bool(getattr(self, name) == type(self).model_fields[name].default)
