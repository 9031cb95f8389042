"""The lines of manifest.csv, however badly it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgroup_pipeline.reading.manifest import MAX_SIZE, ManifestLine, announced_files, manifest_lines, read_manifest


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_properties_come_with_their_lines_whatever_ends_a_line(end: str) -> None:
    """Lone CRs (old Mac programs) made Python's reader raise, which stopped the run for every district."""
    text = end.join(["propertyName,value", "manifest.version,1.0", "", "file.users, bulk "])
    assert manifest_lines(text.encode()) == [
        ManifestLine("propertyName", "value", 1),
        ManifestLine("manifest.version", "1.0", 2),
        ManifestLine("file.users", "bulk", 4, is_padded=True),
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_property() -> None:
    assert manifest_lines(b"\xef\xbb\xbffile.users,bulk\n")[0].name == "file.users"


def test_a_cell_beyond_what_python_reads_ends_the_manifest_and_not_the_run() -> None:
    """A manifest of one huge line raised `field larger than field limit`, which stopped the fetch for every district."""
    lines = manifest_lines(b"file.users,bulk\n" + b"x" * 200_000 + b",1\nfile.orgs,bulk\n")
    assert announced_files(lines) == {"users": "bulk"}


def test_what_stands_before_the_header_is_left_out() -> None:
    lines = manifest_lines(b'sep=,\n"PropertyName","Value"\nFile.Users,Bulk\n')
    assert [(line.key, line.mode, line.line) for line in lines] == [("propertyname", "value", 2), ("file.users", "bulk", 3)]


def test_a_file_larger_than_any_manifest_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    path.write_bytes(b"propertyName,value\nfile.users,bulk\n".ljust(MAX_SIZE, b"\n"))
    assert announced_files(read_manifest(path)) == {"users": "bulk"}
    path.write_bytes(path.read_bytes() + b"\n")
    assert read_manifest(path) == []


@given(st.binary())
def test_any_bytes_give_a_list(data: bytes) -> None:
    announced_files(manifest_lines(data))
