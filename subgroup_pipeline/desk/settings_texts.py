"""Settings that are a list or a mapping, as one text in a field of the form: `below 0, near 60`, and back to YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def as_one_text(value: Any) -> str:  # noqa: ANN401 - a YAML tree
    """A setting as people write it in one line; empty for none."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {given}" for name, given in value.items())
    if isinstance(value, list):
        return ", ".join(" + ".join(map(str, one)) if isinstance(one, list) else str(one) for one in value)
    return "" if value is None else str(value)


def from_one_text(name: str, text: str) -> object:
    """What such a text says of the setting of this name (`reports.bands`), to stand in YAML; most settings are the text."""
    return _READ[name](text) if name in _READ else text


def _list(text: str, between: str = ",") -> list[str]:
    from ruamel.yaml.comments import CommentedSeq

    made = CommentedSeq(part.strip() for part in text.split(between) if part.strip())
    made.fa.set_flow_style()
    return made


def _pairs(text: str) -> list[list[str]]:
    from ruamel.yaml.comments import CommentedSeq

    made = CommentedSeq(_list(pair, "+") for pair in _list(text))
    made.fa.set_flow_style()
    return made


def _bands(text: str) -> dict[str, str]:
    from ruamel.yaml.comments import CommentedMap

    made = CommentedMap(part.rsplit(maxsplit=1) if " " in part else (part, "") for part in _list(text))
    made.fa.set_flow_style()
    return made


_READ: dict[str, Callable[[str], object]] = {"contacts": _list, "reports.bands": _bands, "reports.pairs": _pairs}
