"""Every kind of broken file gets its verdict, code, line and column, through real screening and real landing, in one run."""

from __future__ import annotations

import itertools
from collections import defaultdict

import pytest

from subgroup_pipeline.findings.catalogue import FOLDER, family_of_file
from tests.corpus.broken_csv import GOOD, SETTINGS, Found, structural
from tests.support.place import Place

ENCODINGS = {
    "utf-8": (b"", "utf-8", None),
    "utf-8 with BOM": (b"\xef\xbb\xbf", "utf-8", None),
    "utf-16 LE with BOM": (b"\xff\xfe", "utf-16-le", "ENC002"),
    "utf-16 BE with BOM": (b"\xfe\xff", "utf-16-be", "ENC002"),
    "utf-16 LE": (b"", "utf-16-le", "ENC002"),
    "windows-1252": (b"", "cp1252", "ENC003"),
}
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
LINE_ENDS = {"LF": ["\n"], "CRLF": ["\r\n"], "CR": ["\r"], "mixed": ["\r\n", "\n", "\r"]}
MATRIX = list(itertools.product(ENCODINGS, DELIMITERS, LINE_ENDS))
ROWS = [
    ("s1", "Zoë", "a,b;c|d"),
    ("s2", 'say "hi"', "two\nlines"),
    ("s3", "", "José “Peña”"),
    ("0004", "a\tb", "n"),
]


def _apply(place: Place, district: str) -> str:
    return place.apply(SETTINGS.format(district=district))


def _deliver(place: Place, files: list[bytes]) -> list[str]:
    """A delivery a file, of one district; in the same order."""
    _apply(place, "alpha")
    return [place.deliver("subgroups", {"s.csv": data}) for data in files]


def _found(place: Place, delivery: str) -> set[Found]:
    return {(f.code, f.line, f.column) for f in place.delivery(delivery).findings}


def _written(delimiter: str, ends: list[str]) -> str:
    """The reference rows as a program writes them: quoted where needed, and the line ends in turns."""
    turns = itertools.cycle(ends)

    def cell(value: str) -> str:
        needs = any(mark in value for mark in f'{delimiter}"\n')
        return '"' + value.replace('"', '""') + '"' if needs else value

    rows = [("student_id", "ell", "note"), *ROWS]
    return "".join(delimiter.join(map(cell, row)) + next(turns) for row in rows)


def test_every_encoding_delimiter_and_line_end_gives_the_same_rows(place: Place) -> None:
    """96 files: 6 encodings, 4 delimiters, 4 line ends."""
    files = [
        ENCODINGS[encoding][0] + _written(DELIMITERS[delimiter], LINE_ENDS[end]).encode(ENCODINGS[encoding][1])
        for encoding, delimiter, end in MATRIX
    ]
    assert len(set(files)) == len(MATRIX) == 96
    deliveries = _deliver(place, files)
    place.land()
    landed: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    rows = place.ask(
        "select delivery_id, student_id, coalesce(cells['ell'], ''), cells['note'] from raw.subgroup_row order by all"
    )
    for delivery, *row in rows:
        landed[delivery].append(tuple(row))
    wrong = {case: landed[d] for case, d in zip(MATRIX, deliveries, strict=True) if landed[d] != sorted(ROWS)}
    assert wrong == {}
    for (encoding, delimiter, _), delivery in zip(MATRIX, deliveries, strict=True):
        said = {ENCODINGS[encoding][2]} if ENCODINGS[encoding][2] else set()
        assert place.codes(delivery) == said | ({"DLM001"} if delimiter != "comma" else set()) | {"HDR004"}, encoding


def test_every_broken_file_gets_its_verdict_code_line_and_column(place: Place) -> None:
    cases = structural()
    deliveries = _deliver(place, [case.data for case in cases.values()])
    landed = place.land()
    counts = dict(place.ask("select delivery_id, count(*) from raw.subgroup_row group by all"))
    wrong = {}
    for (name, case), delivery in zip(cases.items(), deliveries, strict=True):
        outcome = (_found(place, delivery), counts.get(delivery, 0), delivery in landed.rejected)
        expected = (set(case.found), case.rows or 0, case.rows is None)
        if outcome != expected:
            wrong[name] = {"is": outcome, "should be": expected}
    assert wrong == {}


def test_rows_that_are_set_aside_are_kept_with_reason_line_and_text(place: Place) -> None:
    data = GOOD + b"s20,\0,x,n\ns21,y\ns22," + b"x" * 70_000 + b",x,n\n"
    (delivery,) = _deliver(place, [data])
    place.land()
    rows = place.ask("select line, code, text from raw.set_aside_row order by line")
    assert rows[:2] == [(22, "CHR001", "s20,\u2400,x,n"), (23, "ROW002", "s21,y")]
    assert (rows[2][:2], len(rows[2][2])) == ((24, "CAP001"), 4096)
    file = place.delivery(delivery).record.files["s.csv"]
    assert (file.records, file.landed, file.set_aside) == (23, 20, 3)


def test_set_aside_rows_go_with_the_other_rows_of_their_delivery(place: Place) -> None:
    from subgroup_pipeline.warehouse.connection import open_warehouse
    from subgroup_pipeline.warehouse.rows import delete_deliveries

    (delivery,) = _deliver(place, [GOOD + b"s21,y\n"])
    place.land()
    with open_warehouse(place.settings) as connection:
        delete_deliveries(connection, [delivery])
    assert place.ask("select * from raw.set_aside_row") == []


def test_cells_that_nobody_set_up_are_in_no_set_aside_row(place: Place) -> None:
    data = b"student_id,ell,note,frl,secret\ns1,y,x,n,hush\ns2,\0,x,n,hush\ns3,y,hush\n"
    _deliver(place, [data])
    place.land()
    assert place.ask("select line, text from raw.set_aside_row order by line") == [(3, "s2,\u2400,x,n,"), (4, None)]


def test_a_rejected_file_leaves_no_set_aside_rows(place: Place) -> None:
    _deliver(place, [GOOD + b"s20,y\n" * 50])
    place.land()
    assert place.ask("select * from raw.set_aside_row") == []


PROVED_ELSEWHERE = {
    "FIL002": "test_limits", "FIL003": "test_limits", "FIL004": "test_limits", "HDR008": "test_roster_files",
    "ROW006": "test_roster_files",
    "ENC002": "the matrix", "DLM001": "the matrix",
}  # fmt: skip


@pytest.mark.parametrize("code", [*family_of_file(FOLDER / "csv_files.yml"), *family_of_file(FOLDER / "csv_rows.yml")])
def test_every_code_of_a_csv_file_has_a_file_that_proves_it(code: str) -> None:
    proved = {found[0] for case in structural().values() for found in case.found}
    assert code in proved | set(PROVED_ELSEWHERE)
