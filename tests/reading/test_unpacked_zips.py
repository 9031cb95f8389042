"""Zips are unpacked while they are proved, as far as there is room, and landed from there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
from tests.support.installation import zip_of

FILES = {"a/users.csv": "sourcedId\nu1\n", "a/orgs.csv": "sourcedId\no1\n", "b/empty.csv": "", "b/none.csv": ""}
SHA = "0" * 64


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def readers() -> Iterator[ReadingPool]:
    with ReadingPool(1) as pool:
        yield pool


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "roster.zip"
    path.write_bytes(zip_of(FILES))
    return path


def test_what_was_proved_lies_there_until_it_is_cleared(tmp_path: Path, readers: ReadingPool, package: Path) -> None:
    zips = UnpackedZips(tmp_path, readers)
    proof = zips.prove(package, "roster.zip", SHA)
    assert [(member.name, member.sha256) for member in proof.members] == [(name, _hash(text)) for name, text in FILES.items()]
    sizes = {member.sha256: member.size for member in proof.members}
    kept = zips.kept(SHA, sizes)
    assert kept is not None
    assert {path.name: path.read_text() for path in kept.iterdir()} == {_hash(text): text for text in FILES.values()}
    assert zips.prove(package, "again.zip", SHA) == proof  # the same bytes of another district
    assert zips.kept(SHA, sizes | {"f" * 64: 1}) is None
    (kept / _hash("")).write_text("a power cut may leave other bytes")
    assert zips.kept(SHA, sizes) is None
    zips.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["roster.zip"]


def test_beyond_the_room_a_zip_is_proved_and_not_kept(tmp_path: Path, readers: ReadingPool, package: Path) -> None:
    zips = UnpackedZips(tmp_path, readers, room=60)
    proofs = [zips.prove(package, "roster.zip", sha256) for sha256 in ("1", "2", "3")]
    assert [(len(proof.members), proof.is_unpacked) for proof in proofs] == [(4, True), (4, True), (4, False)]
    assert sorted(path.name for path in (tmp_path / "unpacked").iterdir()) == ["1", "2"]


@pytest.mark.parametrize("cut", [10, 60])
def test_what_is_not_whole_leaves_nothing(tmp_path: Path, readers: ReadingPool, package: Path, cut: int) -> None:
    package.write_bytes(package.read_bytes()[:-cut])
    proof = UnpackedZips(tmp_path, readers).prove(package, "roster.zip", SHA)
    assert [finding.code for finding in proof.findings] == ["ZIP001"]
    assert list((tmp_path / "unpacked").iterdir()) == []


def test_without_room_on_the_disk_a_zip_is_proved_and_not_kept(tmp_path: Path, readers: ReadingPool, package: Path) -> None:
    part = tmp_path / "full"
    part.mkdir()
    (part / "part").symlink_to("/dev/full")
    proof = readers.prove_zip(package, "roster.zip", part)
    assert (len(proof.members), proof.is_unpacked) == (4, False)
