"""The catalogue of findings is the one table: every code that is used stands in it, with one severity."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import subgroup_pipeline
from subgroup_pipeline.findings.catalogue import CatalogueError, catalogue, family_of_file, severity_of
from subgroup_pipeline.intake.sources.sftp_server import HostKeyError, SignInError, TransferError, UnreachableError
from subgroup_pipeline.settings import bundled

PACKAGE = Path(subgroup_pipeline.__file__).parent
SUITES = sorted(bundled("expectations").glob("*.json"))


def _used_in_code() -> dict[str, set[str]]:
    """Codes by the files that spell them."""
    used: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for code in re.findall(r"""["']([A-Z]{3}[0-9]{3})["']""", path.read_text(encoding="utf-8")):
            used.setdefault(code, set()).add(path.name)
    return used


def _codes_in(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    yield from re.findall(r"\b[A-Z]{3}[0-9]{3}\b", json.dumps(value))


def test_every_code_that_the_package_spells_is_in_the_catalogue() -> None:
    used = _used_in_code()
    assert {"PKG022", "ROW004", "BLD001"} <= used.keys()
    assert {code: files for code, files in used.items() if code not in catalogue()} == {}


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
def test_every_code_of_a_suite_is_in_the_catalogue(suite: Path) -> None:
    codes = set(_codes_in(json.loads(suite.read_text())))
    assert codes
    assert codes - set(catalogue()) == set()


def test_no_code_of_the_catalogue_is_unused() -> None:
    in_suites = {code for suite in SUITES for code in _codes_in(json.loads(suite.read_text()))}
    faults = {fault.code for fault in (UnreachableError, HostKeyError, SignInError, TransferError)}
    assert set(catalogue()) - set(_used_in_code()) - in_suites - faults == set()


def test_faults_of_a_server_never_reject_anything() -> None:
    assert {severity_of(code) for code in catalogue() if code.startswith("NET")} == {"error"}


def test_a_severity_is_spelled_in_the_catalogue_only() -> None:
    """A finding takes its severity from its code; code that passes one of its own would disagree with the catalogue one day."""
    for path in PACKAGE.rglob("*.py"):
        if "registry" not in path.parts:
            assert not re.search(r"Finding\([^)]*severity", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("code", catalogue())
def test_a_code_says_what_happened_and_what_to_do(code: str) -> None:
    entry = catalogue()[code]
    assert entry.code == code
    assert re.fullmatch(r"[A-Z]{3}[0-9]{3}", code)
    assert entry.what.endswith(".")
    assert entry.how_to_fix.endswith(".")


NOT_IN_EXCEL = {
    *(
        code
        for code in catalogue()
        if code.startswith(("API", "NET", "LAG", "PRT", "ZIP", "PKG", "EOF", "FST", "OLD", "BLD", "VOL"))
    ),
    "FIL002",
    "ROW006",
    "SUB504",
    "SUB509",
}
"""Servers, packages, decisions, and what has to be mended in the student information system itself."""


@pytest.mark.parametrize("code", catalogue())
def test_a_code_says_why_it_matters_how_to_mend_it_and_shows_an_example(code: str) -> None:
    entry = catalogue()[code]
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


@pytest.mark.parametrize("code", catalogue())
def test_a_code_is_read_with_ease_in_eighth_grade(code: str) -> None:
    entry = catalogue()[code]
    assert reading_grade(f"{entry.what} {entry.how_to_fix} {entry.why} {entry.in_excel}") <= 8


ENTRY = """
KEY001:
  severity: hold
  what: Rows have no ID.
  why: It is needed.
  how_to_fix: Fill it in.
  example: 'wrong: blank   right: u1'
"""


def test_a_family_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "roster.yml"
    path.write_text(ENTRY.replace("Rows have no ID.", "&words no"))
    entry = family_of_file(path)["KEY001"]
    assert (entry.severity, entry.what, entry.in_excel) == ("hold", "no", "")


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        ("why:", "reason:", "roster.yml, line 5: KEY001 has no `reason`"),
        ("  why: It is needed.\n", "", "roster.yml, line 2: KEY001 lacks why"),
        ("hold", "grave", "roster.yml, line 2: KEY001 has the severity 'grave'"),
        ("It is needed.", "''", "roster.yml, line 5: `why` of KEY001 must be a text"),
        ("It is needed.", "[it, is]", "roster.yml, line 5: `why` of KEY001 must be a text"),
        ("KEY001", "Key1", "roster.yml, line 2: Key1 is not a code"),
        ("what:", "why:", "roster.yml, line 5: why stands here twice"),
        ("  why:", " why:", "roster.yml, line 5: this is not YAML"),
        (ENTRY, ENTRY + ENTRY, "roster.yml, line 9: KEY001 stands here twice"),
        (ENTRY, "KEY001: hold", "roster.yml, line 1: keys and their values are wanted here"),
        (ENTRY, "", "roster.yml, line 1: keys and their values are wanted here"),
    ],
)
def test_a_malformed_family_is_refused_with_its_line(tmp_path: Path, now: str, then: str, words: str) -> None:
    path = tmp_path / "roster.yml"
    path.write_text(ENTRY.replace(now, then, 1))
    with pytest.raises(CatalogueError, match=re.escape(words)):
        family_of_file(path)


READS_BYTES = "import subgroup_pipeline.reading.worker; from subgroup_pipeline.findings.finding import Finding; Finding('KEY001')"
PRINTS_HELP = "from subgroup_pipeline.cli.main import main; sys.argv = ['subgroups', '--help']; main()"


@pytest.mark.parametrize("program", [READS_BYTES, PRINTS_HELP])
def test_what_only_makes_findings_or_prints_help_reads_no_yaml(program: str) -> None:
    watched = f"import atexit, sys; atexit.register(lambda: print('READ' if 'yaml' in sys.modules else 'NOT READ')); {program}"
    done = subprocess.run([sys.executable, "-c", watched], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "NOT READ"


def test_a_code_that_is_not_in_the_catalogue_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        severity_of("XYZ999")
