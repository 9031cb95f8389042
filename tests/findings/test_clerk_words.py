"""The words of the catalogue: no clerk needs to know how we build this, or what a programmer calls a line of column names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import subgroup_pipeline
from subgroup_pipeline.findings.catalogue import catalogue, glossary

OURS = re.compile(
    r"\b(canonical|deliver(y|ies)|landed|verdicts?|snapshots?|ledger|feeds?|pars(e|ed|ing|er)|schema|nulls?|boolean|strings?|regex"
    r"|set aside|findings?|settings?|catalogue|registry|warehouse|payload|token|delimiter|codec|byte order mark|BOM)\b",
    re.IGNORECASE,
)
"""Words of this project and of programmers."""
A_KEY = re.compile(r"(?<!host )(?<!public )(?<!new )(?<!our )(?<!its )(?<!the )(?<!changed )(?<!or )\bkeys?\b")
"""An ID is an ID; only an SFTP server has keys."""
BARE_ID = re.compile(r"(?<!column )(?<!columns )(?<!ID \()\bsourcedId\b")
BARE_MODE = re.compile(r"(?<!\()\b(bulk|delta)\b")


def _said(code: str) -> str:
    entry = catalogue()[code]
    return f"{entry.what} {entry.how_to_fix} {entry.why} {entry.in_excel}"


@pytest.mark.parametrize("code", catalogue())
def test_a_code_is_said_in_the_clerks_words(code: str) -> None:
    text = _said(code)
    assert "`" not in text + catalogue()[code].example, "a backtick is no sign of a clerk's"
    assert not OURS.search(text)
    assert not BARE_ID.search(text), "sourcedId is the name of a column, and is called so"
    assert code.startswith("NET") or not A_KEY.search(text), "an ID is called an ID"
    if not {"full", "changes"} & set(re.findall(r"\w+", text)):
        assert not BARE_MODE.search(text), "say what bulk and delta are"


def test_every_word_of_the_glossary_is_used() -> None:
    everything = " ".join(f"{_said(code)} {catalogue()[code].example}" for code in catalogue()).lower()
    assert [word for word in glossary() if not any(one in everything for one in word.lower().split(", "))] == []


def _additions() -> Iterator[tuple[Path, str]]:
    """Texts that findings add to their message, as far as they stand in the code."""
    for path in Path(subgroup_pipeline.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.keyword) and node.arg == "about"
            assigned = isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "about" for t in node.targets)
            if named or assigned:
                parts = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))
                yield path, "".join(parts)


def test_what_a_finding_adds_is_plain_too() -> None:
    additions = list(_additions())
    assert additions
    assert [(path.name, text) for path, text in additions if OURS.search(text)] == []
