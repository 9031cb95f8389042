"""Every small delivery under `deliveries/`, one kind of fault each, in one night: its verdicts, its findings, its counts.

`expected.yml` beside a delivery says what must come of it: per feed the verdict and the exact codes of the newest delivery,
`students` of the district report, and in `report` the counts of subgroups that matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.installation import Installation, installation_in

pytestmark = pytest.mark.slow

DELIVERIES = Path(__file__).parent / "deliveries"
CASES = sorted(path.parent.name for path in DELIVERIES.glob("*/expected.yml"))


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation that had every delivery: a night with what came first, and one with what came second."""
    with installation_in(tmp_path_factory.mktemp("faults") / "home") as installation:
        for case in CASES:
            installation.apply((DELIVERIES / case / "district.yml").read_text(encoding="utf-8"))
            _upload(installation, case, "night1" if (DELIVERIES / case / "night1").is_dir() else "upload")
        installation.night()
        for case in CASES:
            _upload(installation, case, "night2")
        installation.night()
        yield installation


def _upload(installation: Installation, case: str, folder: str) -> None:
    for inbox in (DELIVERIES / case / folder / "inbox").glob("*"):
        installation.drop(case, inbox.name, {file.name: file.read_bytes() for file in inbox.iterdir()})


def _expected(case: str) -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load(DELIVERIES / case / "expected.yml")  # type: ignore[no-any-return]


@pytest.mark.parametrize("case", CASES)
def test_a_faulty_delivery_gets_its_verdict_its_findings_and_its_counts(faulty: Installation, case: str) -> None:
    expected = _expected(case)
    said = {}
    for feed in ("roster", "subgroups"):
        if deliveries := faulty.deliveries(case, feed):
            newest = deliveries[-1]
            said[feed] = {"verdict": newest["verdict"], "codes": sorted({f["code"] for f in newest["findings"]})}
    assert said == {
        feed: {"verdict": expected[feed]["verdict"], "codes": sorted(expected[feed]["codes"])}
        for feed in ("roster", "subgroups")
        if feed in expected
    }
    counts: dict[str, dict[str, int]] = {}
    for (subgroup, value), count in faulty.district_report(case).items():
        counts.setdefault(subgroup, {})[value] = count
    assert counts.get("all_students", {}).get("all") == expected.get("students")
    for subgroup, values in expected.get("report", {}).items():
        assert counts[subgroup] == values


def test_every_delivery_says_what_must_come_of_it() -> None:
    assert {path.name for path in DELIVERIES.iterdir()} == set(CASES)
