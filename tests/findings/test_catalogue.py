"""The catalogue of findings is the one table: every code that is used stands in it, with one severity."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import subgroup_pipeline
from subgroup_pipeline.findings.catalogue import CATALOGUE, severity_of
from subgroup_pipeline.intake import sftp
from subgroup_pipeline.settings import bundled

PACKAGE = Path(subgroup_pipeline.__file__).parent
SUITES = sorted(bundled("expectations").glob("*.json"))


def _used_in_code() -> dict[str, set[str]]:
    """Codes by the files that spell them, outside the catalogue."""
    used: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name != "finding_codes":
            for code in re.findall(r"""["']([A-Z]{3}[0-9]{3})["']""", path.read_text(encoding="utf-8")):
                used.setdefault(code, set()).add(path.name)
    return used


def _codes_in(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    yield from re.findall(r"\b[A-Z]{3}[0-9]{3}\b", json.dumps(value))


def test_every_code_that_the_package_spells_is_in_the_catalogue() -> None:
    used = _used_in_code()
    assert len(used) > 30
    assert {code: files for code, files in used.items() if code not in CATALOGUE} == {}


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
def test_every_code_of_a_suite_is_in_the_catalogue(suite: Path) -> None:
    codes = set(_codes_in(json.loads(suite.read_text())))
    assert codes
    assert codes - set(CATALOGUE) == set()


def test_no_code_of_the_catalogue_is_unused() -> None:
    in_suites = {code for suite in SUITES for code in _codes_in(json.loads(suite.read_text()))}
    faults = {fault.code for fault in (sftp.UnreachableError, sftp.HostKeyError, sftp.SignInError, sftp.TransferError)}
    assert set(CATALOGUE) - set(_used_in_code()) - in_suites - faults == set()


def test_faults_of_a_server_never_reject_anything() -> None:
    assert {severity_of(code) for code in CATALOGUE if code.startswith("NET")} == {"error"}


def test_a_severity_is_spelled_in_the_catalogue_only() -> None:
    """A finding takes its severity from its code; code that passes one of its own would disagree with the catalogue one day."""
    for path in PACKAGE.rglob("*.py"):
        if "registry" not in path.parts:
            assert not re.search(r"Finding\([^)]*severity", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_code_says_what_happened_and_what_to_do(code: str) -> None:
    entry = CATALOGUE[code]
    assert entry.code == code
    assert re.fullmatch(r"[A-Z]{3}[0-9]{3}", code)
    assert entry.message.endswith(".")
    assert entry.how_to_fix.endswith(".")


NOT_IN_EXCEL = {
    *(code for code in CATALOGUE if code.startswith(("NET", "LAG", "PRT", "ZIP", "PKG", "EOF", "FST", "OLD", "BLD", "VOL"))),
    "FIL002",
    "ROW006",
    "SUB504",
    "SUB509",
}
"""Servers, packages, decisions, and what has to be mended in the student information system itself."""


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_code_says_why_it_matters_how_to_mend_it_and_shows_an_example(code: str) -> None:
    entry = CATALOGUE[code]
    assert entry.why.endswith(".")
    assert re.fullmatch(r"\S.*: \S.*\s\S.*: \S.*", entry.example), "two halves, each with its word and a colon"
    assert entry.in_excel.endswith(".") if code not in NOT_IN_EXCEL else entry.in_excel == "" or entry.in_excel.endswith(".")


def _syllables(word: str) -> int:
    if re.search(r"[._\d/-]", word):  # a name of a file, column or value
        return 1
    word = word.lower()
    count = len(re.findall(r"[aeiouy]+", word))
    is_silent = word.endswith("e") and not word.endswith(("le", "ee"))
    return max(count - (is_silent and count > 1), 1)


def reading_grade(text: str) -> float:
    """Flesch-Kincaid: the school year in which a text is read with ease."""
    sentences = [part for part in re.split(r"[.!?:;]+(?=\s|$)", text) if part.strip()]
    words = re.findall(r"[A-Za-z][\w'./-]*", text)
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59


def test_the_reading_grade_tells_plain_words_from_others() -> None:
    assert reading_grade("We set the row aside. Fix it and send the file again.") < 3
    assert reading_grade("Referential integrity violations necessitate comprehensive remediation prior to resubmission.") > 16


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_code_is_read_with_ease_in_eighth_grade(code: str) -> None:
    entry = CATALOGUE[code]
    assert reading_grade(f"{entry.message} {entry.how_to_fix} {entry.why} {entry.in_excel}") <= 8


def test_a_code_that_is_not_in_the_catalogue_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        severity_of("XYZ999")
