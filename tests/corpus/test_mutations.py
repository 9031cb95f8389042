"""Files with bytes changed, lost, doubled and added at random: each gets a verdict, in time, in memory, and to the row.

Seeded: `SUBGROUPS_MUTATION_SEED` chooses another run of `make torture`.
"""

from __future__ import annotations

import os
import random
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from subgroup_pipeline.districts.district_file import Subgroups, parse_district
from subgroup_pipeline.findings.catalogue import catalogue
from subgroup_pipeline.landing.header import known_subgroup_columns, map_subgroup_header
from subgroup_pipeline.landing.load import load_files
from subgroup_pipeline.landing.screen import ScreenedFile, Screening
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.zip_proof import prove_zip
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.raw_tables import SUBGROUP_ROW
from tests.corpus.broken_csv import GOOD, SETTINGS, structural
from tests.corpus.broken_zip import WHOLE, broken_zips
from tests.support.place import Place

SEED = int(os.environ.get("SUBGROUPS_MUTATION_SEED", "20261123"))
SUBGROUPS = parse_district(SETTINGS.format(district="alpha")).subgroups
SPICE = [b'"', b",", b"\n", b"\r", b"\0", b";", b"\t", b"\xff", b"\xef\xbb\xbf", b"\xc3", b'""', b"\xe9", b"PK\x03\x04"]


def mutated(dice: random.Random, data: bytes) -> bytes:
    """The data with one to three changes: bytes set, cut out, doubled, or spiced with what parsers stumble over."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(changed) + 1)
        upto = min(len(changed), at + dice.choice([1, 1, 2, 8, 64, 512]))
        match dice.choice([0, 1, 2, 2, 3, 3, 3, 3, 4]):
            case 0:
                changed[at:upto] = dice.randbytes(upto - at)
            case 1:
                del changed[at:upto]
            case 2:
                changed[at:at] = changed[at:upto] * dice.randint(1, 50)
            case 3:
                changed[at:at] = dice.choice(SPICE)
            case _:
                del changed[at:]
    return bytes(changed)


def _csv_mutants(count: int) -> Iterator[bytes]:
    dice = random.Random(SEED)  # noqa: S311 - repeatable on purpose
    sources = [GOOD] * 20 + [GOOD.replace(b",", b";"), GOOD.decode().encode("utf-16"), GOOD.replace(b"x", "Zoë".encode("cp1252"))]
    sources += [case.data for case in structural().values() if len(case.data) < 10_000]
    return (mutated(dice, dice.choice(sources)) for _ in range(count))


def _screened(pool: ReadingPool, path: Path, number: int, subgroups: Subgroups) -> Screening:
    """As `screen_delivery` does for a subgroup file, without a ledger row for each of thousands."""
    screening = Screening(f"{number:05}", "alpha")
    clean = path.with_suffix(".clean")
    shape, readable = pool.read_shape(path, "s.csv", clean, known_subgroup_columns(subgroups))
    screening.findings += shape.findings
    if shape.is_readable:
        mapping, findings = map_subgroup_header(shape.header, subgroups, "s.csv", shape.header_line)
        screening.findings += findings
        if mapping is not None:
            screening.files.append(ScreenedFile(path, readable, "s.csv", SUBGROUP_ROW, mapping, shape))
    return screening


def _mutate_csv(place: Place, directory: Path, count: int) -> None:
    assert SUBGROUPS is not None
    screenings = []
    with ReadingPool(2, memory=512 * 1024**2, seconds=30) as pool:
        for number, data in enumerate(_csv_mutants(count)):
            path = directory / f"{number}.csv"
            path.write_bytes(data)
            screenings.append(_screened(pool, path, number, SUBGROUPS))
    assert not [s for s in screenings for f in s.findings if f.code == "FIL003"]
    assert {finding.code for s in screenings for finding in s.findings} <= set(catalogue())
    loadable = [screening for screening in screenings if screening.is_loadable]
    assert 0.1 * count < len(loadable) < 0.9 * count
    assert all(screening.files for screening in loadable)
    with open_warehouse(place.settings) as connection:
        rows = load_files(connection, loadable, datetime.now(UTC))
    off = [
        (s.delivery_id, file.shape.records, file.shape.set_aside, rows.get((s.delivery_id, "s.csv"), 0))
        for s in loadable
        for file in s.files
        if s.is_loadable and rows.get((s.delivery_id, "s.csv"), 0) != file.shape.records - file.shape.set_aside
    ]
    assert off == []
    assert [s.delivery_id for s in loadable if not s.is_loadable] == []
    assert place.ask("select count(*) from raw.subgroup_row where contains(student_id, chr(0))") == [(0,)]


def _mutate_zip(directory: Path, count: int) -> None:
    dice = random.Random(SEED)  # noqa: S311 - repeatable on purpose
    sources = [WHOLE] * 20 + [content for content, _ in broken_zips().values() if 0 < len(content) < 20_000]
    path = directory / "roster.zip"
    path.write_bytes(WHOLE)
    whole = {member.sha256 for member in prove_zip(path, "roster.zip").members}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(count):
        source = dice.choice(sources)
        path.write_bytes(mutated(dice, source))
        started = time.monotonic()
        proof = prove_zip(path, "roster.zip")
        assert time.monotonic() - started < 30
        assert bool(proof.members) != bool(proof.findings)
        assert source is not WHOLE or {member.sha256 for member in proof.members} <= whole
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 512 * 1024


def test_mutated_files_get_a_verdict_and_what_is_landed_adds_up(place: Place, tmp_path: Path) -> None:
    _mutate_csv(place, tmp_path, 150)
    _mutate_zip(tmp_path, 50)


@pytest.mark.slow
def test_a_thousand_mutated_files_get_a_verdict_each(place: Place, tmp_path: Path) -> None:
    _mutate_csv(place, tmp_path, 700)
    _mutate_zip(tmp_path, 300)


@pytest.mark.torture
def test_ten_thousand_mutated_files_get_a_verdict_each(place: Place, tmp_path: Path) -> None:
    _mutate_csv(place, tmp_path, 7000)
    _mutate_zip(tmp_path, 3000)
