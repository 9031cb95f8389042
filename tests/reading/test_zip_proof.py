"""A zip proves itself complete by its members, and what a roster never holds is refused before it is unpacked."""

from __future__ import annotations

import io
import random
import resource
import stat
import time
import zipfile
from pathlib import Path

import pytest

from subgroup_pipeline.reading import zip_proof
from subgroup_pipeline.reading.zip_proof import ZipProof, member_name, prove_zip
from tests.support import small_district as small
from tests.support.installation import zip_of

ROSTER = small.roster(30)
GOOD = zip_of(ROSTER)
DICE = random.Random(20261001)  # noqa: S311 - repeatable on purpose
NOISE = DICE.randbytes(3000)


def _prove(tmp_path: Path, content: bytes) -> ZipProof:
    path = tmp_path / "upload.zip"
    path.write_bytes(content)
    return prove_zip(path, "roster.zip")


def _codes(proof: ZipProof) -> list[str]:
    return [finding.code for finding in proof.findings]


def _zip(*members: tuple[zipfile.ZipInfo | str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of members in this order, also with one name twice."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as package:
        for member, content in members:
            package.writestr(member, content)
    return buffer.getvalue()


def test_a_whole_zip_gives_its_members_with_their_hashes(tmp_path: Path) -> None:
    proof = _prove(tmp_path, GOOD)
    assert proof.findings == ()
    assert {m.name: m.size for m in proof.members} == {name: len(text.encode()) for name, text in ROSTER.items()}


@pytest.mark.parametrize("part", range(20))
def test_a_zip_cut_off_anywhere_is_never_taken(tmp_path: Path, part: int) -> None:
    cut = len(GOOD) * part // 20 if part < 19 else len(GOOD) - 1
    proof = _prove(tmp_path, GOOD[:cut])
    assert proof.members == ()
    assert _codes(proof) == ["ZIP001"]
    assert proof.cut_off


def test_a_member_that_fails_its_crc_is_found(tmp_path: Path) -> None:
    stored = _zip(("users.csv", b"sourcedId\n" + b"u1\n" * 100), method=zipfile.ZIP_STORED)
    at = stored.index(b"u1\n")
    proof = _prove(tmp_path, stored[:at] + b"x" + stored[at + 1 :])
    assert (_codes(proof), proof.members) == (["ZIP003"], ())


def test_a_damaged_member_behind_one_of_the_same_name_is_not_missed(tmp_path: Path) -> None:
    """`ZipFile.testzip` opens by name, so it reads the last member of a name twice and the damaged first one never."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        stored = _zip(("users.csv", b"damaged-here"), ("users.csv", b"fine"), method=zipfile.ZIP_STORED)
    proof = _prove(tmp_path, stored.replace(b"damaged-here", b"damaged-hexe", 1))
    assert proof.members == ()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["deflate", "bzip2", "lzma"])
def test_compressed_bytes_that_were_changed_are_found(tmp_path: Path, method: int) -> None:
    """A damaged LZMA member raised an error of its own kind, which stopped the fetch for every district."""
    content = bytearray(_zip(("users.csv", b"sourcedId,name\n" + NOISE), method=method))
    for at in range(60, 1500, 90):
        changed = content.copy()
        changed[at] ^= 0xFF
        proof = _prove(tmp_path, bytes(changed))
        assert proof.members == ()
        assert _codes(proof)


def test_no_change_of_bytes_makes_anything_but_a_verdict(tmp_path: Path) -> None:
    """1,500 damaged zips: each proves the very content of the good one, or nothing."""
    good = {member.sha256 for member in _prove(tmp_path, GOOD).members}
    for _ in range(1500):
        changed = bytearray(GOOD)
        start = 0 if DICE.random() < 0.5 else len(GOOD) - 700
        for _ in range(DICE.randint(1, 4)):
            changed[DICE.randrange(start, len(GOOD))] = DICE.randrange(256)
        proof = _prove(tmp_path, bytes(changed))
        assert bool(proof.members) != bool(proof.findings)
        assert {member.sha256 for member in proof.members} <= good


def _encrypted() -> bytes:
    plain = bytearray(_zip(("users.csv", b"x")))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(mark) + offset] |= 1
    return bytes(plain)


def _link() -> bytes:
    member = zipfile.ZipInfo("users.csv")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return _zip((member, b"/etc/passwd"))


REFUSED: dict[str, tuple[bytes, str]] = {
    "password": (_encrypted(), "protected by a password"),
    "link": (_link(), "is a link"),
    "names that differ in case": (_zip(("users.csv", b"a"), ("Users.CSV", b"b")), "same name"),
    "one name in two folders": (_zip(("a/users.csv", b"a"), ("b/users.csv", b"b")), "same name"),
    "path upwards": (_zip(("../users.csv", b"a")), "leads out"),
    "path upwards further in": (_zip(("a/../../users.csv", b"a")), "leads out"),
    "path upwards on Windows": (_zip(("..\\users.csv", b"a")), "leads out"),
    "absolute path": (_zip(("/etc/users.csv", b"a")), "leads out"),
    "absolute path on Windows": (_zip(("\\users.csv", b"a")), "leads out"),
    "too many members": (_zip(*((f"{n}.csv", b"a") for n in range(zip_proof.MAX_MEMBERS + 1))), "101 members"),
    "bomb": (_zip(("users.csv", b"0" * 30_000_000)), "200 times"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_roster_never_holds_is_refused_in_words(tmp_path: Path, case: str) -> None:
    content, words = REFUSED[case]
    proof = _prove(tmp_path, content)
    assert _codes(proof) == ["ZIP004"]
    assert words in proof.findings[0].message
    assert not proof.cut_off


@pytest.mark.parametrize(("method", "name"), [(zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "LZMA")])
def test_another_method_is_named_and_the_usual_one_is_read(tmp_path: Path, method: int, name: str) -> None:
    (finding,) = _prove(tmp_path, _zip(("users.csv", NOISE), method=method)).findings
    assert (finding.code, finding.about) == ("ZIP005", f"It is packed by {name}.")
    assert _prove(tmp_path, _zip(("users.csv", NOISE), method=zipfile.ZIP_DEFLATED)).findings == ()


@pytest.mark.parametrize("block", [b"\n" * 2**20, DICE.randbytes(8000) + b"\n" * 2**20], ids=["300 KB", "below the ratio"])
def test_a_manifest_of_300_megabytes_is_refused_unread(tmp_path: Path, block: bytes) -> None:
    """It was decoded and split whole: a zip of 2.7 MB kept a night busy for minutes, at gigabytes of memory."""
    path = tmp_path / "upload.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package, package.open("export/Manifest.CSV", "w") as member:
        for _ in range(300):
            member.write(block)
    assert path.stat().st_size < 3_000_000
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (finding,) = prove_zip(path, "roster.zip").findings
    assert (finding.code, finding.file) == ("PKG017", "manifest.csv")
    assert time.monotonic() - began < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KB


def test_more_bytes_than_the_limit_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_proof, "MAX_UNPACKED", 1000)
    proof = _prove(tmp_path, _zip(("a.csv", b"x" * 600), ("b.csv", b"x" * 600)))
    assert "more than 2 GiB" in proof.findings[0].message


def test_exactly_as_many_members_as_allowed_are_taken(tmp_path: Path) -> None:
    proof = _prove(tmp_path, _zip(*((f"{n}.csv", b"a") for n in range(zip_proof.MAX_MEMBERS))))
    assert len(proof.members) == zip_proof.MAX_MEMBERS


@pytest.mark.parametrize("members", [(), (("folder/", b""),)], ids=["nothing", "only a folder"])
def test_an_empty_zip_is_refused(tmp_path: Path, members: tuple[tuple[str, bytes], ...]) -> None:
    assert _codes(_prove(tmp_path, _zip(*members))) == ["ZIP002"]


@pytest.mark.parametrize("content", [b"", b"PK", b"%PDF-1.7 ...", b"<html>sign in</html>" * 50, b"\x00" * 5000])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    assert _codes(_prove(tmp_path, content)) == ["ZIP001"]


def test_a_member_larger_than_it_says_is_not_read_on(tmp_path: Path) -> None:
    honest = bytearray(_zip(("users.csv", b"0" * 100_000)))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = honest.index(mark) + offset
        honest[at : at + 4] = (100).to_bytes(4, "little")
    assert _prove(tmp_path, bytes(honest)).members == ()


@pytest.mark.parametrize("path", ["users.csv", "export/users.csv", "a/b/users.csv", "export\\users.csv"])
def test_folders_do_not_count(path: str) -> None:
    """Windows programs wrote folders with backslashes; such a roster was said to have no users.csv."""
    assert member_name(path) == "users.csv"
