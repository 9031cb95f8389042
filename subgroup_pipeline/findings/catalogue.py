"""The catalogue of findings: the one table of codes, how grave each is, what it means and how a clerk mends it.

The codes stand in `catalogue/`, one YAML file per family, and the words they use in a sense of their own in `glossary.yml`. A
code never changes its meaning. The files are read when the first text or severity is asked for (20 ms), so a process that only
makes findings and a command that only prints its help read none of them.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.errors import SubgroupsError
from subgroup_pipeline.findings.severity import SEVERITIES, Severity

if TYPE_CHECKING:
    pass

FOLDER = Path(__file__).with_name("catalogue")
_GLOSSARY = Path(__file__).with_name("glossary.yml")
_CODE = re.compile(r"[A-Z]{3}[0-9]{3}")


class CatalogueError(SubgroupsError):
    """A file of the catalogue is not what can be read; the message names the file, the line and the mend."""


@dataclass(frozen=True)
class FindingCode:
    """What a code means, in a clerk's words; a finding may add its own words to `what`.

    `how_to_fix` speaks of the student information system's export, `in_excel` of a file that a person edits; `why` says what
    would go wrong otherwise; `example` shows what is wrong and what is right, made up.
    """

    code: str
    severity: Severity
    what: str
    why: str
    how_to_fix: str
    example: str
    in_excel: str = ""


_FIELDS = {field.name: field.default is MISSING for field in fields(FindingCode) if field.name != "code"}
"""What an entry may hold, and whether it must."""


@cache
def catalogue() -> dict[str, FindingCode]:
    """Every code. Raises CatalogueError."""
    codes: dict[str, FindingCode] = {}
    for path in sorted(FOLDER.glob("*.yml")):
        family = family_of_file(path)
        if twice := codes.keys() & family.keys():
            raise CatalogueError(f"{path.name}: {min(twice)} stands in another family too. A code belongs to one.")
        codes |= family
    return codes


def severity_of(code: str) -> Severity:
    """The severity of a code. Raises KeyError for a code that is not in the catalogue."""
    return catalogue()[code].severity


def glossary() -> dict[str, str]:
    """What each word of the catalogue means that has a sense of its own there. Raises CatalogueError."""
    words = _entries(_root(_GLOSSARY), _GLOSSARY)
    return {word: _text(node, f"{_GLOSSARY.name}, line {line}: {word}") for word, line, node in words}


def family_of_file(path: Path) -> dict[str, FindingCode]:
    """The codes of one family, in the order of its file. Raises CatalogueError."""
    return {code: _code(code, line, node, path) for code, line, node in _entries(_root(path), path)}


def _code(code: str, line: int, node: Any, path: Path) -> FindingCode:  # noqa: ANN401 - a node of PyYAML
    where = f"{path.name}, line {line}: {code}"
    if not _CODE.fullmatch(code):
        raise CatalogueError(f"{where} is not a code. A code is three capitals and three digits.")
    said: dict[str, Any] = {}
    for name, name_line, value in _entries(node, path):
        if name not in _FIELDS:
            raise CatalogueError(f"{path.name}, line {name_line}: {code} has no `{name}`. It has {', '.join(_FIELDS)}.")
        said[name] = _text(value, f"{path.name}, line {name_line}: `{name}` of {code}")
    if missing := [name for name, is_needed in _FIELDS.items() if is_needed and name not in said]:
        raise CatalogueError(f"{where} lacks {', '.join(missing)}.")
    if said["severity"] not in SEVERITIES:
        raise CatalogueError(f"{where} has the severity {said['severity']!r}. It must be one of {', '.join(SEVERITIES)}.")
    return FindingCode(code, **said)


def _root(path: Path) -> Any:  # noqa: ANN401 - a node of PyYAML
    """The file as nodes, which know their lines and take every scalar for text."""
    import yaml

    try:
        return yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CatalogueError(f"{path.name}, line {line}: this is not YAML ({error.problem}).") from None


def _entries(node: Any, path: Path) -> list[tuple[str, int, Any]]:  # noqa: ANN401 - a node of PyYAML
    """Key, line and value of each entry of a mapping, in order."""
    if getattr(node, "id", "") != "mapping":
        line = node.start_mark.line + 1 if node else 1
        raise CatalogueError(f"{path.name}, line {line}: keys and their values are wanted here.")
    entries = [(key.value, key.start_mark.line + 1, value) for key, value in node.value]
    seen: set[str] = set()
    for key, line, _ in entries:
        if key in seen:
            raise CatalogueError(f"{path.name}, line {line}: {key} stands here twice.")
        seen.add(key)
    return entries


def _text(node: Any, where: str) -> str:  # noqa: ANN401 - a node of PyYAML
    if node.id != "scalar" or not node.value.strip():
        raise CatalogueError(f"{where} must be a text.")
    return str(node.value)
