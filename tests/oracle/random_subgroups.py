"""Random subgroup files over given student keys: every spelling and oddity of docs/architecture.md 3.9 to 3.12."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

YES_NO = {"y": "yes", "N": "no"}
CLOSED: dict[str, dict[str, Any]] = {
    "ell": {"subgroup": "english_learner", "values": YES_NO},
    "sped": {"subgroup": "students_with_disabilities", "values": {"Yes": "yes", "no": "no"}, "blank": "no"},
    "title_i": {
        "subgroup": "title_i",
        "blank_words": ["maybe"],
        "values": {"1": "yes", "0": "no", "SW": "school_wide"},
        "blank": "not_eligible",
    },
    "el_level": {
        "subgroup": "el_level",
        "values": {
            "1": "level_1",
            "1.5": "level_1",
            "2": {"value": "exited", "member": "true"},
            "Ö": {"value": "other", "member": "false"},
            "x": "no_longer",
        },
        "blank": "english_only",
    },
}
OPEN: dict[str, dict[str, Any]] = {
    "home_lang": {"subgroup": "home_language", "open": "true", "blank_words": ["null", "NA", "none"]},
    "program": {"subgroup": "program", "open": "true", "values": {"none": "not_reported"}, "blank": "no_program"},
}
OPEN_TEXTS = ("Spanish", "spanish", "Español", "中文", 'the "best"', "a, b", "NULL", "null", "NA", "0", "None", "all", "007")
UNMAPPED = ("maybe", "?", "TRUE", "NULL", "-", "1.0")
HEADER_FORMS = (str, str.upper, str.title, lambda name: f" {name} ", lambda name: name.replace("_", " "),
                lambda name: name.replace("_", "-"))  # fmt: skip


@dataclass(frozen=True)
class SubgroupFiles:
    """The text of a file, and the settings that it is read with."""

    text: str
    student_id_column: str
    columns: dict[str, dict[str, Any]]


def make_subgroups(rng: Random, keys: list[str], size: int) -> SubgroupFiles:
    """Make a file about these keys, some absent and some unknown, with columns that the settings do not name."""
    known = {**CLOSED, **OPEN}
    columns = {name: dict(known[name]) for name in rng.sample(list(known), rng.randint(1, len(known)))}
    headers = {name: rng.choice(HEADER_FORMS)(name) for name in columns}
    _make_optional(rng, columns, headers)
    id_column = rng.choice(("student_id", "Student ID", "sis-number"))
    names = ["#id", *headers, *rng.sample(("#extra1", "#extra2"), rng.randint(0, 2))]
    rng.shuffle(names)
    titles = {"#extra1": "GPA", "#extra2": "notes"}
    titles["#id"] = rng.choice(HEADER_FORMS)(id_column.lower().replace("-", "_"))
    rows = [_row(rng, names, key, columns) for key in _file_keys(rng, keys, size)]
    rows = _repeat(rng, rows, names, columns)
    rng.shuffle(rows)
    lines = [[{**titles, **headers}[name] for name in names], *_misfits(rng, rows, len(names))]
    return SubgroupFiles(_write(rng, lines), id_column, columns)


def _make_optional(rng: Random, columns: dict[str, dict[str, Any]], headers: dict[str, str]) -> None:
    """Leave an optional column out of the file, or call a column by its alias."""
    for name in list(headers):
        draw = rng.random()
        if draw < 0.12 and len(headers) > 1:
            columns[name]["optional"] = "true"
            del headers[name]
        elif draw < 0.24:
            columns[name]["aliases"] = [f"{name} code", f"{name}_flag"]
            headers[name] = rng.choice((f"{name.upper()}-Code", f"{name}_flag"))


def _file_keys(rng: Random, keys: list[str], size: int) -> list[str]:
    """Choose who is in the file: most of the roster's keys once each, some unknown ones, now and then none."""
    chosen = [key for key in sorted(set(keys)) if rng.random() < 0.85]
    chosen += [f"unknown{number}" for number in range(size) if rng.random() < 0.06]
    chosen += [""] * (rng.random() < 0.15)
    return chosen if any(chosen) else ["unknown"]


def _row(rng: Random, names: list[str], key: str, columns: dict[str, dict[str, Any]]) -> dict[str, str]:
    fixed = {"#id": key, "#extra1": f"3.{len(key)}", "#extra2": f"about {key}"}  # extras: the same on every row of a key
    return {name: fixed[name] if name in fixed else _cell(rng, columns[name]) for name in names}


def _cell(rng: Random, column: dict[str, Any]) -> str:
    """Write a cell: a known value in any case, blank, not set up, or open text; sometimes with white space around it."""
    draw = rng.random()
    values = list(column.get("values", {}))
    if draw < 0.12:
        return rng.choice(("", "", " ", "   "))
    if draw < 0.2 and "open" not in column:
        text = rng.choice(UNMAPPED)
    elif values and (draw < 0.6 or "open" not in column):
        text = rng.choice((str, str.upper, str.lower))(rng.choice(values))
    else:
        text = rng.choice(OPEN_TEXTS)
    return _pad(rng, text)


def _pad(rng: Random, text: str) -> str:
    return rng.choice(("{}",) * 12 + (" {}", "{} ", "  {}  ", "\t{}", "{}\u00a0")).format(text)


def _repeat(
    rng: Random, rows: list[dict[str, str]], names: list[str], columns: dict[str, dict[str, Any]]
) -> list[dict[str, str]]:
    """Add rows equal after trimming, rows that conflict, and pad keys."""
    repeated = list(rows)
    for row in rows:
        draw = rng.random()
        if draw < 0.08:
            repeated += [{name: f" {cell} " for name, cell in row.items()}] * rng.randint(1, 2)
        elif draw < 0.16:
            repeated.append(_row(rng, names, row["#id"], columns))  # may happen to be equal
    return [{**row, "#id": _pad(rng, row["#id"].strip())} for row in repeated]


def _misfits(rng: Random, rows: list[dict[str, str]], width: int) -> list[list[str]]:
    """Order the cells; widen rows by blanks, spoil at most five rows' widths, add blank lines and rows without a key."""
    lines = [list(row.values()) for row in rows]
    spoiled = 0
    for line in lines:
        draw = rng.random()
        if draw < 0.04:
            line += ["", " "]
        elif draw < 0.06 and spoiled < 5 and len(lines) > 1:
            spoiled += 1
            line += ["stray"]
        elif draw < 0.08 and spoiled < 5 and width > 2 and any(cell.strip() for cell in line[:-1]):
            spoiled += 1
            line.pop()
    if rng.random() < 0.3:
        lines.insert(rng.randint(0, len(lines)), [])
        lines.insert(rng.randint(0, len(lines)), [" "] * width)
    return lines


def _write(rng: Random, lines: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    ends = rng.choice(("\r\n", "\n"))
    quoted = rng.random() < 0.5
    csv.writer(text, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL, lineterminator=ends).writerows(lines)
    return rng.choice(("", "", "\ufeff")) + text.getvalue()
