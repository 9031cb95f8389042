"""What every district is told about uploading, whatever its settings are; the texts stand in `upload_texts.yml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class UploadTexts:
    """Sentences for a clerk: ways in and habits by their titles, the ClassLink exception, and the steps of an upload.

    `fetched` is for a district whose roster we fetch, in place of habits of uploading.
    """

    ways_in: dict[str, str]
    classlink: list[str]
    steps: list[str]
    habits: dict[str, str]
    fetched: list[str]


@cache
def upload_texts() -> UploadTexts:
    """The texts, read once."""
    from ruamel.yaml import YAML

    text = files(__package__).joinpath("upload_texts.yml").read_text(encoding="utf-8")
    return UploadTexts(**YAML(typ="safe", pure=True).load(text))
