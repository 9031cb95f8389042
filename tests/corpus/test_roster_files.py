"""Faults of one file of a roster, or of its manifest, with line and column; and rosters in other encodings, read whole."""

from __future__ import annotations

import pytest

from subgroup_pipeline.warehouse.oneroster import roster_tables
from tests.corpus.broken_zip import packed
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.place import Place

ROSTER = small.roster()
MANIFEST = ROSTER["manifest.csv"]


def _landed(place: Place, files: dict[str, str]) -> str:
    place.add()
    delivery = place.deliver("roster", {"roster.zip": zip_of(files)})
    place.land()
    return delivery


FAULTS: dict[str, tuple[str, str, str, int | None, str | None]] = {
    "manifest without its header": ("manifest.csv", MANIFEST.partition("\n")[2], "PKG011", 1, None),
    "property twice": ("manifest.csv", MANIFEST + "file.users,bulk\n", "PKG012", 17, None),
    "property nobody knows": ("manifest.csv", MANIFEST + "file.pupils,bulk\n", "PKG012", 17, None),
    "mode nobody knows": ("manifest.csv", MANIFEST.replace("file.users,bulk", "file.users,full"), "PKG013", 16, "file.users"),
    "other spelling": ("orgs.csv", ROSTER["orgs.csv"].replace("sourcedId,", "SourcedID,"), "HDR008", 1, "sourcedId"),
    "other order": (
        "courses.csv",
        ROSTER["courses.csv"].replace("sourcedId,status", "status,sourcedId").replace("course0,,", ",course0,"),
        "HDR008", 1, "status",
    ),
    "header only": ("demographics.csv", ",".join(roster_tables()["demographics"].columns) + "\n", "ROW006", None, None),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_roster_file_is_said_with_its_line(place: Place, fault: str) -> None:
    name, text, code, line, column = FAULTS[fault]
    files = ROSTER | {name: text}
    if name == "demographics.csv":
        files["manifest.csv"] = MANIFEST.replace("file.demographics,absent", "file.demographics,bulk")
    delivery = _landed(place, files)
    assert [found[:3] for found in place.found(delivery, code)] == [(name, line, column)]


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig"])
def test_a_roster_whose_files_are_all_of_another_kind_is_read_whole(place: Place, codec: str) -> None:
    place.add()
    files = [(name, text.replace(",", ";").replace("\n", "\r\n").encode(codec)) for name, text in ROSTER.items()]
    delivery = place.deliver("roster", {"roster.zip": packed(*files)})
    place.land()
    assert place.raw_counts(delivery)["users"] == 10
    assert place.codes(delivery) == {"DLM001"} | ({"ENC002"} if codec == "utf-16" else set())
    lines = place.lines(delivery, "users.csv", "sourcedId", "s003", "s007")
    assert lines == (5, 9)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("student_id;lep;sped\ns1;y;n\ns2;y;n\n".encode("utf-16"), 3),
        (b"\n\nstudent_id|lep|sped\ns1|y|n\ns2|y|n\n", 5),
        ("student_id\tLEP\tsped\r\ns1\tÄ\tn\r\ns2\ty\tn\r\n".encode("cp1252"), 3),
    ],
)
def test_lines_are_found_in_any_file_also_by_a_column_that_it_calls_by_an_alias(place: Place, data: bytes, line: int) -> None:
    place.add(**{"english_learner, values": "english_learner, aliases: [LEP], values"})
    delivery = place.deliver("subgroups", {"s.csv": data})
    place.land()
    for column, value in (("student_id", "s2"), ("ell", "y")):
        assert place.lines(delivery, "s.csv", column, value)[-1] == line
