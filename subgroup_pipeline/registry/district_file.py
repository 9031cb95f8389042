"""A district's YAML: its model, and reading it without implicit types so that `no`, `1` and `03:00` stay what was written.

Every refusal names the line and the words that are allowed there (design 6).
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.registry import header_name
from subgroup_pipeline.settings import zone_name

canonical = header_name.canonical

DISTRICT_KEY = re.compile(r"^[a-z0-9][a-z0-9_]{1,40}$")
RESERVED_KEYS = frozenset(["main", "temp", "system", "marts", "public", "quality", "control", "raw", "information_schema"])
SUBGROUP_KEY = re.compile(r"^[a-z][a-z0-9_]{0,60}$")
NOT_REPORTED = "not_reported"
ALL_STUDENTS = "all_students"

Share = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Server(_Part):
    """An SFTP server of the district's own, where we fetch and delete nothing. Absent: our drop server."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    username: str
    host_key: str = Field(description="public host key, as `ssh-ed25519 AAAA…`; pinned, never learned")
    private_key: str = Field(description="file name of our private key in $SUBGROUPS_HOME/keys")
    root: str = Field(".", description="directory that roster.path and subgroups.path are relative to")

    @field_validator("private_key")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if "/" in value or value.startswith("."):
            raise ValueError("write the name of a file in $SUBGROUPS_HOME/keys, without a directory")
        return value


class Roster(_Part):
    """Where the roster comes from."""

    source: Literal["sftp"] = "sftp"
    path: str = "inbox/roster"


class SubgroupColumn(_Part):
    """How one column of the subgroup file is read (design 3.9)."""

    subgroup: str
    values: dict[str, str] = Field(default_factory=dict)
    open: bool = False
    blank: str = NOT_REPORTED
    optional: bool = False
    aliases: list[str] = Field(default_factory=list)
    label: str = ""
    sensitivity: Literal["standard", "nsla"] = "standard"

    @field_validator("subgroup")
    @classmethod
    def _subgroup_key(cls, value: str) -> str:
        if not SUBGROUP_KEY.fullmatch(value) or value == ALL_STUDENTS:
            raise ValueError("a subgroup is named in lower case with _, for example english_learner, and not all_students")
        return value

    @model_validator(mode="after")
    def _values_or_open(self) -> SubgroupColumn:
        if not self.values and not self.open:
            raise ValueError("give the known values (values: {y: yes, n: no}), or open: true to take any text")
        folded = [key.strip().lower() for key in self.values]
        twice = sorted({key for key in folded if folded.count(key) > 1})
        if twice:
            raise ValueError(f"values are compared without regard to case: {', '.join(twice)} stands there twice")
        if "" in folded:
            raise ValueError("a blank cell is not one of the values; say what it means with `blank:`")
        if not all(value.strip() for value in (self.blank, *self.values.values())):
            raise ValueError("a value is empty; write a word, or leave the line out to have it reported as not_reported")
        return self


class Subgroups(_Part):
    """The subgroup file: where it is, which column is the student, and what the other columns mean."""

    sources: tuple[Literal["sftp"], ...] = ("sftp",)
    path: str = "inbox/subgroups"
    files: str = "*.csv"
    student_id_column: str = "student_id"
    matches: str = "users.sourcedId"
    columns: dict[str, SubgroupColumn]

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


class Privacy(_Part):
    """Smallest group that a published aggregate may show."""

    minimum_count: Annotated[int, Field(ge=1, le=100)] = 10


class Season(_Part):
    """Days (first and last included) in which a roster may only add records, or none is taken without a person's look."""

    first_day: date = Field(alias="from")
    last_day: date = Field(alias="to")
    only: Literal["additions", "nothing"] = "additions"

    @model_validator(mode="after")
    def _in_order(self) -> Season:
        if self.last_day < self.first_day:
            raise ValueError("`to` is before `from`")
        return self


class Guards(_Part):
    """When a delivery waits for a person instead of replacing the last good one (shares of 1)."""

    removed_students: Share = 0.10
    removed_staff: Share = 0.10
    removed_classes: Share = 0.10
    removed_enrollments: Share = 0.10
    removed_from_a_school: Share = 0.25
    changed: Share = 0.75
    growth: Annotated[float, Field(ge=0)] = 0.50
    new_ids: Share = 0.05
    set_aside_hold: Share = 0.05
    set_aside_reject: Share = 0.20
    seasons: tuple[Season, ...] = ()
    match_rate: Share = 0.95
    first_delivery: Literal["accept", "review"] = "review"
    # Subgroup files. Beside each share stands a floor in numbers of rows or students (quality.limits), so that few never count.
    subgroup_match_warning: Share = 0.99
    subgroup_absent_students: Share = 0.50
    subgroup_removed_students: Share = 0.10
    subgroup_rows_held: Share = 0.05
    subgroup_rows_rejected: Share = 0.20
    subgroup_padded_ids: Share = 0.05
    subgroup_scientific_ids: Share = 0.01
    subgroup_own_match: Share = 0.50
    subgroup_other_match: Share = 0.80
    subgroup_share_change: Annotated[float, Field(ge=0, le=100)] = 0.25
    subgroup_vanished_value: Annotated[int, Field(ge=0)] = 5
    subgroup_blank_growth: Share = 0.25
    subgroup_open_values: Annotated[int, Field(ge=0)] = 50
    subgroup_open_share: Share = 0.20
    subgroup_lag_days: Annotated[int, Field(ge=1)] | None = None

    def origin(self, name: str) -> str:
        """Where the value of a guard comes from, in words for a finding."""
        return "default" if getattr(self, name) == type(self).model_fields[name].default else "district setting"


class DistrictSettings(_Part):
    """Everything a district sets; the whole of its YAML file."""

    district: str
    name: str
    timezone: str
    as_of: Literal["delivery", "roster"] | date = "delivery"
    contacts: list[str] = Field(default_factory=list)
    schedule: str | None = None
    server: Server | None = None
    roster: Roster = Field(default_factory=Roster)
    subgroups: Subgroups | None = None
    privacy: Privacy = Field(default_factory=Privacy)
    guards: Guards = Field(default_factory=Guards)
    publish_when: Literal["tolerant", "clean"] = "tolerant"

    @field_validator("district")
    @classmethod
    def _district_key(cls, value: str) -> str:
        if not DISTRICT_KEY.fullmatch(value) or value in RESERVED_KEYS:
            raise ValueError(
                "a district key is 2 to 41 of a-z, 0-9 and _, starts with a letter or digit, and is none of "
                + ", ".join(sorted(RESERVED_KEYS))
            )
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return zone_name(value)

    @field_validator("as_of", mode="before")
    @classmethod
    def _as_of(cls, value: object) -> object:
        if value in ("delivery", "roster") or isinstance(value, date):
            return value
        try:
            # fromisoformat also takes 20201001 and 2020-W40-4, which nobody means to write here.
            return date.fromisoformat(str(value) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(value)) else "")
        except ValueError as error:
            raise ValueError("allowed: delivery, roster, or a date as YYYY-MM-DD") from error

    @field_validator("schedule")
    @classmethod
    def _clock(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            raise ValueError('write the local time as "HH:MM", for example "02:00"')
        return value

    @field_validator("contacts")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        wrong = [address for address in value if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address)]
        if wrong:
            raise ValueError(f"not a mail address: {', '.join(map(repr, wrong))}")
        return value


def read_district_file(path: Path) -> tuple[DistrictSettings, str]:
    """Read and check a district's YAML; gives the settings and the text they came from.

    Raises SettingsError listing every fault with `file:line` and the words allowed there.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}). Give the path of a UTF-8 YAML file.") from error
    return parse_district(text, str(path)), text


def parse_district(text: str, source: str = "district.yaml") -> DistrictSettings:
    """Check YAML text; `source` is what faults are reported against. Raises SettingsError."""
    document, lines = _as_text(text, source)
    if not isinstance(document, dict):
        raise SettingsError(f"{source}:1: a district file is a mapping that begins with `district:` and `name:`.")
    try:
        return DistrictSettings.model_validate(document)
    except ValidationError as error:
        faults = [_fault(fault, lines, source) for fault in error.errors()]
        raise SettingsError("\n".join(faults)) from error


Location = tuple[str | int, ...]


def _as_text(text: str, source: str) -> tuple[Any, dict[Location, int]]:
    """Read YAML with every scalar as text, noting the line of every key. Raises SettingsError on a key given twice."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

    lines: dict[Location, int] = {(): 1}
    seen: set[int] = set()

    def walk(node: Node, at: Location) -> Any:  # noqa: ANN401 - a YAML tree
        lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, ScalarNode):
            return node.value
        if id(node) in seen:
            raise SettingsError(f"{source}:{lines[at]}: write this out; a reference to another part of the file is not read")
        seen.add(id(node))
        if isinstance(node, SequenceNode):
            return [walk(item, (*at, number)) for number, item in enumerate(node.value)]
        if not isinstance(node, MappingNode):
            raise SettingsError(f"{source}:{node.start_mark.line + 1}: this YAML is not understood")
        mapping: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                raise SettingsError(f"{source}:{line}: a key is one word, not a list or a mapping")
            if key.value in mapping:
                raise SettingsError(f"{source}:{line}: `{key.value}` is given twice; keep one of them")
            lines[*at, key.value] = line
            mapping[key.value] = walk(value, (*at, key.value))
        return mapping

    try:
        root = YAML(typ="base", pure=True).compose(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise SettingsError(f"{source}:{line}: not YAML: {getattr(error, 'problem', str(error).splitlines()[0])}") from error
    return (None if root is None else walk(root, ())), lines


def _fault(fault: Any, lines: dict[Location, int], source: str) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    # The union of `as_of` adds a step of its own to the place.
    at: Location = fault["loc"][:1] if fault["loc"][:1] == ("as_of",) else fault["loc"]
    known = at
    while known not in lines:
        known = known[:-1]
    where = f"{source}:{lines[known]}"
    name = ".".join(str(part) for part in at)
    if fault["type"] == "extra_forbidden":
        allowed = ", ".join(_allowed_keys(at[:-1]))
        return f"{where}: unknown key `{at[-1]}`{_under(at)}; allowed: {allowed}"
    if fault["type"] == "missing":
        return f"{where}: `{at[-1]}` is missing{_under(at)}"
    if fault["type"] == "model_type":
        return f"{where}: `{name}` holds settings of its own; allowed: {', '.join(_allowed_keys(at))}"
    if fault["type"] == "literal_error":
        return f"{where}: `{name}` is `{fault['input']}`; allowed: {fault['ctx']['expected']}"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{where}: `{name or 'this file'}`: {message}"


def _under(at: Location) -> str:
    return f" under `{'.'.join(str(part) for part in at[:-1])}`" if len(at) > 1 else ""


def _allowed_keys(at: Location) -> list[str]:
    """The keys of the model that stands at a place of the file."""
    model: type[BaseModel] = DistrictSettings
    for part in at:
        field = model.model_fields.get(str(part))
        if field is None:
            continue
        for candidate in (field.annotation, *get_args(field.annotation)):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    return list(model.model_fields)
