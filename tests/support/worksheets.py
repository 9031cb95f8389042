"""The cells of a workbook as texts, as Excel reads them: a number as it is written, a yes or no as `true` or `false`."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree as ET

_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def worksheets(workbook: bytes) -> dict[str, list[list[str]]]:
    """Lines of cells by the name of the sheet; an empty cell is an empty text."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as package:

        def tree(name: str) -> ET.Element:
            return ET.fromstring(package.read(name))  # noqa: S314 - made a moment ago by ourselves

        texts = ["".join(item.itertext()) for item in tree("xl/sharedStrings.xml")]
        names = [str(sheet.get("name")) for sheet in tree("xl/workbook.xml").iter(f"{_SPACE}sheet")]
        return {name: _lines(tree(f"xl/worksheets/sheet{at}.xml"), texts) for at, name in enumerate(names, start=1)}


def _lines(sheet: ET.Element, texts: list[str]) -> list[list[str]]:
    assert not list(sheet.iter(f"{_SPACE}f")), "a formula"
    found: list[dict[int, str]] = []
    for row in sheet.iter(f"{_SPACE}row"):
        cells = {}
        for cell in row.iter(f"{_SPACE}c"):
            value, kind = cell.findtext(f"{_SPACE}v") or "", cell.get("t")
            cells[_column(str(cell.get("r")))] = texts[int(value)] if kind == "s" else _BOOLEAN[value] if kind == "b" else value
        found.append(cells)
    width = max(max(cells, default=0) for cells in found) + 1
    return [[cells.get(at, "") for at in range(width)] for cells in found]


_BOOLEAN = {"0": "false", "1": "true"}


def _column(place: str) -> int:
    """The number of a column, from 0: that of `AB7` is 27."""
    number = 0
    for letter in re.sub(r"\d", "", place):
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
