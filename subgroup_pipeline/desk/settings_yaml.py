"""A district's YAML as a tree that keeps its comments, its order and how it was written, for pages that change parts of it."""

from __future__ import annotations

import io
import re
from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ruamel.yaml import YAML

Path = tuple[str, ...]


def read_yaml(text: str) -> Any:  # noqa: ANN401 - a YAML tree
    """The tree of a text that was accepted."""
    return _yaml().load(text)


def written_yaml(document: Any, before: str) -> str:  # noqa: ANN401 - a YAML tree
    """The text of a tree that was read from `before`; what was not changed stands as it was written."""
    out = io.StringIO()
    _yaml().dump(document, out)
    return _as_it_was(before, out.getvalue())


def in_one_line(value: Mapping[str, Any] | Iterable[str]) -> Any:  # noqa: ANN401 - a YAML tree
    """A mapping or a list that is written in braces or brackets."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    made = CommentedMap(value) if hasattr(value, "keys") else CommentedSeq(value)
    made.fa.set_flow_style()
    return made


def at(document: Any, path: Path) -> Any:  # noqa: ANN401 - a YAML tree
    """What stands at a place; None where nothing does."""
    for part in path:
        document = document.get(part) if hasattr(document, "get") else None
    return document


def put(document: Any, path: Path, value: object) -> None:  # noqa: ANN401 - a YAML tree
    """Set a value, making the sections above it; an empty one takes the key out, so that the default is in force."""
    *sections, key = path
    for section in sections:
        if not hasattr(document.get(section), "get"):
            document[section] = {}
        document = document[section]
    if value:
        document[key] = value
    else:
        document.pop(key, None)


def _as_it_was(before: str, after: str) -> str:
    """The new text, with lines that differ from the old ones by spaces alone as they were written."""
    old, new = before.splitlines(), after.splitlines()

    def spaced(lines: list[str]) -> list[str]:
        return [re.sub(r"(?<=\S)\s+", " ", line).rstrip() for line in lines]

    for tag, first, last, start, end in SequenceMatcher(None, spaced(old), spaced(new), autojunk=False).get_opcodes():
        if tag == "equal":
            new[start:end] = old[first:last]
    return "\n".join(new) + "\n"


def _yaml() -> YAML:
    """Reads and writes YAML with its comments, every scalar as the text that stands there."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.Resolver = _text_resolver()
    return yaml


@cache
def _text_resolver() -> type:
    from ruamel.yaml.nodes import ScalarNode
    from ruamel.yaml.resolver import VersionedResolver

    class TextResolver(VersionedResolver):
        """Takes `no`, `1` and `2026-10-01` for the texts that they are, as `district_file` does."""

        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:  # noqa: ANN401 - ruamel's signature
            """The tag of a node."""
            return self.DEFAULT_SCALAR_TAG if kind is ScalarNode else super().resolve(kind, value, implicit)

    return TextResolver
