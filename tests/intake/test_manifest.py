"""The lines of manifest.csv, however badly it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgroup_pipeline.intake.manifest import ManifestLine, announced_files, read_manifest


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_properties_come_with_their_lines_whatever_ends_a_line(end: str) -> None:
    """Lone CRs (old Mac programs) made Python's reader raise, which stopped the run for every district."""
    text = end.join(["propertyName,value", "manifest.version,1.0", "", "file.users, bulk "])
    assert read_manifest(text.encode()) == [
        ManifestLine("propertyName", "value", 1),
        ManifestLine("manifest.version", "1.0", 2),
        ManifestLine("file.users", "bulk", 4),
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_property() -> None:
    assert read_manifest(b"\xef\xbb\xbffile.users,bulk\n")[0].name == "file.users"


def test_a_cell_beyond_what_python_reads_ends_the_manifest_and_not_the_run() -> None:
    """A manifest of one huge line raised `field larger than field limit`, which stopped the fetch for every district."""
    lines = read_manifest(b"file.users,bulk\n" + b"x" * 200_000 + b",1\nfile.orgs,bulk\n")
    assert announced_files(lines) == {"users": "bulk"}


@given(st.binary())
def test_any_bytes_give_a_list(data: bytes) -> None:
    announced_files(read_manifest(data))
