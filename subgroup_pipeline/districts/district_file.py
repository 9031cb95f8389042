"""A district's YAML: its model, and reading it without implicit types so that `no`, `1` and `03:00` stay what was written.

Every refusal names the line and the words that are allowed there.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator

from subgroup_pipeline.districts.guards import Guards
from subgroup_pipeline.districts.header_name import canonical
from subgroup_pipeline.districts.privacy_settings import Privacy
from subgroup_pipeline.districts.report_settings import Reports, check_pairs
from subgroup_pipeline.districts.roster_settings import Roster
from subgroup_pipeline.districts.settings_part import Part
from subgroup_pipeline.districts.subgroup_settings import ALL_STUDENTS, NOT_REPORTED, SubgroupColumn, Subgroups
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.local_time import zone_name
from subgroup_pipeline.registry.ledger import FEEDS, Feed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "ALL_STUDENTS",
    "DISTRICT_KEY",
    "NOT_REPORTED",
    "RESERVED_KEYS",
    "DistrictSettings",
    "SubgroupColumn",
    "Subgroups",
    "canonical",
    "parse_district",
    "read_district_file",
]

DISTRICT_KEY = re.compile(r"^[a-z0-9][a-z0-9_]{1,40}$")
RESERVED_KEYS = frozenset(
    ["main", "temp", "system", "marts", "public", "quality", "control", "raw", "information_schema", "new", "propose"]
)
"""Names of schemas, and words that stand in addresses of the portal where a district's key does."""
_TO_FILL_IN = re.compile(r"<[^<>]*>")
"""How a template marks what a person has yet to write. Without this rule `<ell>` would be taken as the name of a column."""


class Server(Part):
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


class Mail(Part):
    """How the contacts have their mail."""

    digest: str | None = Field(None, description="local time of one mail a day, in place of one for each thing")

    @field_validator("digest")
    @classmethod
    def _clock(cls, value: str | None) -> str | None:
        return local_hour(value)


class DistrictSettings(Part):
    """Everything a district sets; the whole of its YAML file."""

    district: str
    name: str
    timezone: str
    as_of: Literal["delivery", "roster"] | date = "delivery"
    contacts: list[str] = Field(default_factory=list)
    mail: Mail = Field(default_factory=Mail)
    schedule: str | None = None
    server: Server | None = None
    roster: Roster = Field(default_factory=Roster)
    subgroups: Subgroups | None = None
    reports: Reports = Field(default_factory=Reports)
    privacy: Privacy = Field(default_factory=Privacy)
    guards: Guards = Field(default_factory=Guards)
    publish_when: Literal["tolerant", "clean"] = "tolerant"

    @property
    def has_subgroup_file(self) -> bool:
        """Whether the district delivers the feed `subgroups`."""
        return self.subgroups is not None and self.subgroups.reads_file

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """The feeds that the district delivers."""
        return FEEDS if self.has_subgroup_file else ("roster",)

    @property
    def uploaded_feeds(self) -> tuple[Feed, ...]:
        """The feeds that come as files."""
        return tuple(feed for feed in self.feeds if feed == "subgroups" or not self.roster.is_fetched)

    @property
    def reads_roster(self) -> bool:
        """Whether subgroups are read from the roster, so that its verdict depends on the settings."""
        return self.subgroups is not None and self.subgroups.reads_roster

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

    @field_validator("reports")
    @classmethod
    def _pairs_of_own_subgroups(cls, value: Reports, info: ValidationInfo) -> Reports:
        if "subgroups" in info.data:  # otherwise the subgroups have a fault of their own
            check_pairs(value, info.data["subgroups"])
        return value

    @field_validator("schedule")
    @classmethod
    def _clock(cls, value: str | None) -> str | None:
        return local_hour(value)

    @field_validator("contacts")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        wrong = [address for address in value if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address)]
        if wrong:
            raise ValueError(f"not a mail address: {', '.join(map(repr, wrong))}")
        return value


def local_hour(value: str | None) -> str | None:
    """A local time of day as given. Raises ValueError for what is none."""
    if value is not None and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('write the local time as "HH:MM", for example "02:00"')
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
    """Check YAML text, read as NFC; `source` is what faults are reported against. Raises SettingsError."""
    document, lines = _as_text(unicodedata.normalize("NFC", text), source)
    if not isinstance(document, dict):
        raise SettingsError(f"{source}:1: a district file is a mapping that begins with `district:` and `name:`.")
    if unfilled := [f"{source}:{lines[at]}: fill in `{word}`, or take the line out" for at, word in _unfilled(document, ())]:
        raise SettingsError("\n".join(unfilled))
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


def _unfilled(part: Any, at: Location) -> Iterator[tuple[Location, str]]:  # noqa: ANN401 - a YAML tree
    """Keys and texts that still stand between < and >, each with its place."""
    if isinstance(part, str):
        if _TO_FILL_IN.fullmatch(part.strip()):
            yield at, part
        return
    for key, inner in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(key, str):
            yield from _unfilled(key, (*at, key))
        yield from _unfilled(inner, (*at, key))


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
    return [field.alias or name for name, field in model.model_fields.items()]
