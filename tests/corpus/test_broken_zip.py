"""Every zip that a roster never is gets its code, in little time and memory; what file managers add is skipped."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from subgroup_pipeline.reading.zip_proof import prove_zip
from tests.corpus.broken_zip import ROSTER, broken_zips, packed
from tests.support.place import Place

BROKEN = broken_zips()


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_zip_is_refused_with_its_code(tmp_path: Path, case: str) -> None:
    content, code = BROKEN[case]
    path = tmp_path / "roster.zip"
    path.write_bytes(content)
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    proof = prove_zip(path, "roster.zip")
    assert [(finding.code, finding.file) for finding in proof.findings] == [(code, "roster.zip")]
    assert proof.members == ()
    assert time.monotonic() - started < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 512 * 1024
    assert [file.name for file in tmp_path.iterdir()] == ["roster.zip"]


def test_what_file_managers_add_is_no_part_of_a_roster(place: Place) -> None:
    place.add()
    added = [("__MACOSX/", b""), ("__MACOSX/._users.csv", b"\0\5"), ("set/.DS_Store", b"x"), ("Thumbs.db", b"x")]
    content = packed(*((f"set/{name}", text.encode()) for name, text in ROSTER.items()), *added)
    delivery = place.deliver("roster", {"roster.zip": content})
    place.land()
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", set())
    assert {file.name for file in place.delivery(delivery).files if file.member_of} == {f"set/{name}" for name in ROSTER}
