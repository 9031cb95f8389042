"""Taking rows out of an uploaded file: they become blank lines, and everything else stays as it was written."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from subgroup_pipeline.reading.listed_pages import ObjectField, write_rows
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.redaction import GoneRows, redact
from subgroup_pipeline.reading.row_lookup import HowRead

IDS = frozenset({"s2"})
OTHERS = GoneRows(HowRead(), IDS)


def _redacted(tmp_path: Path, content: bytes, gone: GoneRows) -> tuple[bytes, int]:
    source, target = tmp_path / "s.csv", tmp_path / "t.csv"
    source.write_bytes(content)
    changed = redact(source, target, {"": gone}, OTHERS)
    return target.read_bytes(), changed


@pytest.mark.parametrize(
    ("content", "how", "expected"),
    [
        pytest.param(b"id,x\ns1,s2\ns2,b\ns3,c\n", HowRead(), b"id,x\ns1,s2\n\ns3,c\n", id="only where the id's column says so"),
        pytest.param(b"\xef\xbb\xbfid,x\r\n s2 ,b\r\ns3,c", HowRead(), b"\xef\xbb\xbfid,x\r\n\r\ns3,c", id="BOM, CRLF, padded"),
        pytest.param(
            b'id;x\n"s2";"a\nb; c"\ns1;"s2"\n', HowRead(delimiter=";"), b'id;x\n\n\ns1;"s2"\n', id="a row over two lines"
        ),
        pytest.param(b"a\n\nid,x\ns2,\xe9\ns1,\xe9\n", HowRead("cp1252", header_line=3), b"a\n\nid,x\n\ns1,\xe9\n", id="cp1252"),
        pytest.param(b'ID,x\n="s2",b\ns2x,c\n', HowRead(), b"ID,x\n\ns2x,c\n", id="as a formula; a longer id stays"),
        pytest.param(b"Student Id,x\ns2,b\n", HowRead(columns={"id": "Student Id"}), b"Student Id,x\n\n", id="another name"),
    ],
)
def test_a_row_becomes_blank_lines_and_the_rest_stays_to_the_byte(
    tmp_path: Path, content: bytes, how: HowRead, expected: bytes
) -> None:
    assert _redacted(tmp_path, content, GoneRows(how, IDS, ("id",))) == (expected, 1)


def test_utf_16_stays_utf_16(tmp_path: Path) -> None:
    text, changed = _redacted(tmp_path, "id,x\ns2,é\ns1,é\n".encode("utf-16"), GoneRows(HowRead("utf-16"), IDS, ("id",)))
    assert (text.decode("utf-16"), changed) == ("id,x\n\ns1,é\n", 1)


def test_a_guardian_stays_without_the_student(tmp_path: Path) -> None:
    gone = GoneRows(HowRead(), IDS, ("sourcedId",), ("agentSourcedIds",))
    content = b'sourcedId,agentSourcedIds,x\ns2,g1,a\ng1,"s1, s2",b\ng2,s1,"c"\n'
    assert _redacted(tmp_path, content, gone) == (b'sourcedId,agentSourcedIds,x\n\ng1,s1,b\ng2,s1,"c"\n', 2)


def test_of_a_zip_every_member_is_looked_at_also_those_that_nobody_reads(tmp_path: Path) -> None:
    source, target = tmp_path / "s.zip", tmp_path / "t.zip"
    texts = {
        "x/users.csv": "sourcedId,n\ns2,a\ns1,s2\n",
        "orgs.csv": "sourcedId\ns2\n",
        "contacts.csv": "a,b\nm,s2\nm,s1\n",
    }
    with zipfile.ZipFile(source, "w") as package:
        for name, text in texts.items():
            package.writestr(name, text)
    files = {"users.csv": GoneRows(HowRead(), IDS, ("sourcedId",)), "orgs.csv": GoneRows(HowRead(), frozenset(), ("sourcedId",))}
    with ReadingPool(1) as readers:
        assert readers.redact(source, target, files, OTHERS) == 2
    with zipfile.ZipFile(target) as package:
        assert {name: package.read(name).decode() for name in package.namelist()} == {
            "x/users.csv": "sourcedId,n\n\ns1,s2\n",
            "orgs.csv": "sourcedId\ns2\n",
            "contacts.csv": "a,b\n\nm,s1\n",
        }


def test_an_object_of_a_fetched_list_becomes_an_empty_one_and_a_blank_row(tmp_path: Path) -> None:
    source, target, rows = tmp_path / "users.json.gz", tmp_path / "t.json.gz", tmp_path / "users.csv"
    users = [{"sourcedId": "s1", "agents": [{"sourcedId": "s2"}, {"sourcedId": "s3"}]}, {"sourcedId": "s2"}, {"sourcedId": "s3"}]
    pages = [{"users": users[:2]}, {"users": users[2:]}]
    source.write_bytes(gzip.compress("\n".join(map(json.dumps, pages)).encode()))
    assert redact(source, target, {"": GoneRows(HowRead(), IDS, ("sourcedId",), ("agents",), "users")}, OTHERS) == 2
    fields = [ObjectField("sourcedId", "sourcedId", "text"), ObjectField("agentSourcedIds", "agents", "refs")]
    write_rows(target, rows, "users", fields, 1000)
    assert rows.read_text().splitlines() == ["sourcedId,agentSourcedIds", "s1,s3", ",", "s3,"]
    seats = tmp_path / "enrollments.json.gz"
    seats.write_bytes(
        gzip.compress(json.dumps({"enrollments": [{"user": {"sourcedId": "s2"}}, {"user": {"sourcedId": "s1"}}]}).encode())
    )
    assert redact(seats, target, {"": GoneRows(HowRead(), IDS, ("user",), (), "enrollments")}, OTHERS) == 1
    assert b"s2" not in gzip.decompress(target.read_bytes())
