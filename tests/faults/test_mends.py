"""The mend of a code, followed to the letter, gets an accepted upload: all in the same nights, the broken and the mended.

A case is one district and one code. `mended/` beside a delivery of `deliveries/` holds what a clerk changed who followed the
text; cases of codes that no such delivery raises stand in `broken_and_mended.py` as edits of a small district.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from subgroup_pipeline.findings.catalogue import severity_of
from subgroup_pipeline.findings.severity import GRAVE
from tests.faults.broken_and_mended import EDITS, Edit, Files
from tests.support.installation import Installation, installation_in

pytestmark = pytest.mark.slow

DELIVERIES = Path(__file__).parent / "deliveries"
WITH_MEND = sorted(path.parent.name for path in DELIVERIES.glob("*/mended"))


def _grave_codes(case: str) -> set[tuple[str, str]]:
    """Feeds and grave codes that a delivery of the folder raises."""
    path = DELIVERIES / case / "expected.yml"
    expected = YAML(typ="safe", pure=True).load(path) if path.is_file() else {}
    feeds = [feed for feed in ("roster", "subgroups") if feed in expected]
    return {(feed, code) for feed in feeds for code in expected[feed]["codes"] if severity_of(code) in GRAVE}


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, dict[str, set[str]]]]:
    """After the mended uploads, with the codes that the broken ones got."""
    with installation_in(tmp_path_factory.mktemp("mends") / "home") as installation:
        for edit in EDITS:
            installation.apply(edit.settings)
        _drop(installation, {edit.district: edit.before for edit in EDITS})
        installation.night(*(edit.district for edit in EDITS if edit.before))
        _drop(installation, {edit.district: edit.broken for edit in EDITS})
        installation.night()
        broken = {edit.district: installation.codes(edit.district, edit.feed) for edit in EDITS}
        _drop(installation, {edit.district: edit.mended for edit in EDITS})
        for case in WITH_MEND:
            installation.apply((DELIVERIES / case / "district.yml").read_text(encoding="utf-8"))
            _upload(installation, case)
        installation.night()
        yield installation, broken


def _drop(installation: Installation, uploads: Mapping[str, Mapping[str, Files]]) -> None:
    for district, by_feed in uploads.items():
        for feed, files in by_feed.items():
            installation.drop(district, feed, files)


def _upload(installation: Installation, case: str) -> None:
    """The last upload of a case, with the files that were mended in place of those that were not."""
    last = next(folder for folder in ("night2", "night1", "upload") if (DELIVERIES / case / folder).is_dir())
    mended_in = {path.name: path.parent.name for path in (DELIVERIES / case / "mended" / "inbox").glob("*/*")}
    files: dict[str, Files] = {}
    for folder in (last, "mended"):
        for path in (DELIVERIES / case / folder / "inbox").glob("*/*"):
            # What lay in the wrong inbox is not put there again.
            if mended_in.get(path.name, path.parent.name) == path.parent.name:
                files.setdefault(path.parent.name, {})[path.name] = path.read_bytes()
    _drop(installation, {case: files})


def _mended_feeds(case: str) -> set[str]:
    return {path.name for path in (DELIVERIES / case / "mended" / "inbox").iterdir()}


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.code)
def test_following_the_text_of_a_code_gets_the_upload_accepted(
    mended: tuple[Installation, dict[str, set[str]]], edit: Edit
) -> None:
    installation, broken = mended
    assert edit.code in broken[edit.district], broken[edit.district]
    newest = installation.deliveries(edit.district, edit.feed)[-1]
    codes = {finding["code"] for finding in newest["findings"]}
    assert (newest["verdict"], edit.code in codes) == ("accepted", False), codes


@pytest.mark.parametrize("case", WITH_MEND)
def test_following_the_texts_of_a_report_gets_the_upload_accepted(
    mended: tuple[Installation, dict[str, set[str]]], case: str
) -> None:
    installation, _ = mended
    for feed in _mended_feeds(case):
        newest = installation.deliveries(case, feed)[-1]
        codes = {finding["code"] for finding in newest["findings"]}
        assert newest["verdict"] == "accepted", codes
        assert codes & {code for _, code in _grave_codes(case)} == set()


def test_every_grave_code_of_the_deliveries_has_a_mend_that_was_followed() -> None:
    followed = {edit.code for edit in EDITS} | {code for case in WITH_MEND for _, code in _grave_codes(case)}
    raised = {code for path in DELIVERIES.glob("*/expected.yml") for _, code in _grave_codes(path.parent.name)}
    assert raised - followed == set()
