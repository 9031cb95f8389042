"""The demo's districts are believable: the oracle reads them, they match their rosters, and the untidy one has its trouble."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from ruamel.yaml import YAML

from subgroup_pipeline.demo.districts import SampleDistrict, make_sample_districts
from tests.oracle.recompute import Expected, recompute

pytestmark = pytest.mark.slow

TODAY = date(2026, 8, 24)


def _texts(sample: SampleDistrict) -> dict[str, str]:
    if sample.roster_files[0].suffix == ".csv":
        return {path.name: path.read_text() for path in sample.roster_files}
    with zipfile.ZipFile(sample.roster_files[0]) as package:
        return {name: package.read(name).decode() for name in package.namelist()}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[SampleDistrict, Expected]]:
    read = []
    for sample in make_sample_districts(tmp_path_factory.mktemp("samples"), today=TODAY):
        settings: dict[str, Any] = YAML(typ="base", pure=True).load(sample.yaml_path.read_text())
        received_at = datetime(2026, 8, 24, 12, tzinfo=UTC)
        texts, subgroups = _texts(sample), sample.subgroup_files[0].read_text()
        assert texts["manifest.csv"].count("file.") == 13
        read.append((sample, recompute(settings, texts, subgroups, received_at)))
    return read


def test_sizes(samples: list[tuple[SampleDistrict, Expected]]) -> None:
    for _, expected in samples:
        assert 1_900 < expected.totals[expected.district,] < 2_100
        assert expected.dim_counts["dim_school"] == 5
        assert expected.dim_counts["dim_course"] == 60
        assert min(expected.totals.values()) > 10
        assert expected.school_year == "2027"
        assert 7_000 < len(expected.enrollments) < 8_500


def test_shares_look_like_life(samples: list[tuple[SampleDistrict, Expected]]) -> None:
    for _, expected in samples:
        counts = {key[1:]: n for key, n in expected.rpt_district_subgroup.items()}
        assert 200 < counts["students_with_disabilities", "yes"] < 400
        assert 10 < counts["homeless", "yes"] < 70
        assert counts["home_language", "English"] > 1_000


def _mean_by_student(texts: dict[str, str]) -> dict[str, float]:
    """The mean in percent of each student's fully graded results."""
    points = {row["sourcedId"]: float(row["resultValueMax"]) for row in csv.DictReader(io.StringIO(texts["lineItems.csv"]))}
    scores: dict[str, list[float]] = {}
    for row in csv.DictReader(io.StringIO(texts["results.csv"])):
        if row["scoreStatus"] == "fully graded":
            percent = 100 * float(row["score"]) / points[row["lineItemSourcedId"]]
            assert 0 <= percent <= 100
            scores.setdefault(row["studentSourcedId"], []).append(percent)
    return {student: mean(own) for student, own in scores.items()}


def test_scores_look_like_life(tmp_path: Path) -> None:
    """Groups differ by some points and overlap, courses differ, and some work is missing."""
    for sample in make_sample_districts(tmp_path, today=date(2026, 11, 28)):
        texts = _texts(sample)
        of_student = _mean_by_student(texts)
        assert 1_900 < len(of_student) < 2_100
        assert 74 < mean(of_student.values()) < 84
        by_key = {row["identifier"]: row["sourcedId"] for row in csv.DictReader(io.StringIO(texts["users.csv"]))}
        by_key |= {row["sourcedId"]: row["sourcedId"] for row in csv.DictReader(io.StringIO(texts["users.csv"]))}
        header, *rows = csv.reader(io.StringIO(sample.subgroup_files[0].read_text(encoding="utf-8")))
        if sample.district_id != "pinon_mesa":  # its numbers stand in userIds
            at = next(n for n, name in enumerate(header) if name in ("sped", "SWD"))
            ours = {by_key[row[0]] for row in rows if row[at] in ("Y", "1")} & of_student.keys()
            inside = sorted(of_student[student] for student in ours)
            others = sorted(score for student, score in of_student.items() if student not in ours)
            assert 5 < mean(others) - mean(inside) < 13
            assert inside[-len(inside) // 10] > mean(others) > others[len(others) // 10]
        statuses = [row["scoreStatus"] for row in csv.DictReader(io.StringIO(texts["results.csv"]))]
        assert 0.02 < statuses.count("not submitted") / len(statuses) < 0.07


def test_only_the_untidy_district_has_trouble(samples: list[tuple[SampleDistrict, Expected]]) -> None:
    for sample, expected in samples:
        assert expected.file is not None
        absent = expected.totals[expected.district,] - len(expected.file.cells)
        if sample.district_id == "pinon_mesa":
            assert expected.file.set_aside["unmatched"] >= 4
            assert (expected.file.unmapped, expected.file.duplicates) == (1, 1)
            assert 0.98 < expected.file.match_rate < 1
            assert absent >= 2
        else:
            assert not expected.file.set_aside
            assert expected.file.unmapped == 0
            assert expected.file.match_rate == 1


@pytest.mark.parametrize("today", [date(2026, 7, 1), date(2026, 6, 30), date(2027, 1, 11), date(2028, 2, 29)])
def test_enrollments_hold_whatever_the_day(tmp_path: Path, today: date) -> None:
    sample = make_sample_districts(tmp_path, today=today)[0]
    settings = YAML(typ="base", pure=True).load(sample.yaml_path.read_text())
    received_at = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    expected = recompute(settings, _texts(sample), sample.subgroup_files[0].read_text(), received_at)
    assert len({enrollment.student for enrollment in expected.enrollments}) > 2_000


def test_a_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_sample_districts(tmp_path / name, today=TODAY)
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) == 2 + 10 + 3 + 3
    for path in files:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()
