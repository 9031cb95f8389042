"""Lists that were fetched page by page: what is kept of them, and reading them as the rows of a OneRoster file.

A list is kept as one file with the pages as they came, one after the other. DuckDB reads their objects into a CSV text with one
row per object in the list's order, so that everything after this module reads one form, and row n is object n of the list. A
key of `metadata` that an object does not have leaves an unquoted blank; a key whose text is empty leaves a quoted one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.reading.roster_files import Edition

LISTING = "listing.json"
"""What was fetched, beside the pages."""
_PAGES = ".json.gz"
MOST_KEYS = 1000
"""Of `metadata` over a whole list; a row of the CSV text is held to a number of columns too."""
MEMORY = 1536 * 1024**2
"""Address space for one list, of any length: DuckDB takes 32 MB of pages at a time, and ten times that to read them."""
MOST_DEPTH = 4
"""How deep objects in `metadata` are followed; what is deeper is one text."""


@dataclass(frozen=True)
class ListedCollection:
    """One list: its objects, its pages, the bytes of the largest of them, and a hash of what they say.

    `newest_change` is the latest dateLastModified in it, empty where the server keeps none that tells objects apart. A list that
    is not whole could not be fetched, and is not kept.
    """

    objects: int = 0
    pages: int = 0
    largest_page: int = 0
    content: str = ""
    newest_change: str = ""
    is_whole: bool = True


@dataclass(frozen=True)
class Listing:
    """The lists of a delivery by name, the version of OneRoster they were fetched in, and the root that they came from."""

    version: Edition
    root: str
    collections: Mapping[str, ListedCollection] = field(default_factory=dict)

    def as_json(self) -> bytes:
        """As it is archived."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @classmethod
    def read(cls, path: Path) -> Listing:
        """As it was archived."""
        said = json.loads(path.read_bytes())
        return cls(
            said["version"], said["root"], {name: ListedCollection(**listed) for name, listed in said["collections"].items()}
        )


def pages_file(collection: str) -> str:
    """Name of the file with the pages of a list."""
    return f"{collection}{_PAGES}"


@dataclass(frozen=True)
class ObjectField:
    """A column of a OneRoster file, and where an object has it: a text, another object's id, several of those, or typed ids."""

    column: str
    name: str
    form: Literal["text", "ref", "refs", "ids"]


def write_rows(
    pages: Path, target: Path, collection: str, fields: Sequence[ObjectField], largest_page: int, part: str = ""
) -> list[str]:
    """Write the objects of a list as CSV; gives the names of its metadata columns. Raises duckdb.Error for what is no list.

    `part` names a list that every object has itself (`roles`): then its members are the rows, each with the id and the status
    of the object that it is of, whose reference it is given.
    """
    import duckdb

    with duckdb.connect(config={"threads": 1, "memory_limit": f"{MEMORY // 2}B"}) as connection:  # noqa: TID251 - no file of ours is opened
        connection.execute("set enable_progress_bar = false")
        source = _objects(pages, collection, fields, largest_page, part)
        keys = _metadata_keys(connection, source)
        columns = [f"{_cell(one)} as {_name(one.column)}" for one in fields]
        columns += [f"{_metadata_cell(paths)} as {_name(f'metadata.{key}')}" for key, paths in keys.items()]
        connection.execute(
            f"copy (select {', '.join(columns)} from {source}) to {_text(str(target))} "
            "(format csv, header, delimiter ',', quote '\"', escape '\"', nullstr '')"
        )
    return list(keys)


def _objects(pages: Path, collection: str, fields: Sequence[ObjectField], largest_page: int, part: str) -> str:
    """SQL of a table with one row per object, or per member of the list that `part` names, and its parts as JSON."""
    parts = dict.fromkeys([*(one.name for one in fields), "metadata"], "JSON")
    form = json.dumps(parts)
    most = max(largest_page + 1024, 1024**2)
    read = f"read_json_objects({_text(str(pages))}, format='unstructured', compression='gzip', maximum_object_size={most})"
    each = f"unnest(json_extract(json, {_text(f'$.{collection}[*]')}))"
    objects = f"(select {each} as one from {read})"
    if part:
        kept = ", ".join(f"'{name}', one -> '$.{name}'" for name in ("sourcedId", "status", "dateLastModified"))
        owner = f"json_object({kept}, {_text(collection.removesuffix('s'))}, json_object('sourcedId', one -> '$.sourcedId'))"
        members = f"(select one, unnest(json_extract(one, {_text(f'$.{part}[*]')})) as member from {objects})"
        objects = f"(select json_merge_patch(member, {owner}) as one from {members})"
    return f"(select from_json(one, {_text(form)}) as o from {objects})"


def _cell(one: ObjectField) -> str:
    part = f"o.{_name(one.name)}"
    if one.form == "ref":
        cell = f"coalesce({part} ->> '$.sourcedId', {_scalar(part)})"
    elif one.form == "refs":
        cell = f"coalesce(nullif(array_to_string(json_extract_string({part}, '$[*].sourcedId'), ','), ''), {_listed(part)})"
    elif one.form == "ids":
        typed = f'from_json({part}, \'[{{"type": "VARCHAR", "identifier": "VARCHAR"}}]\')'
        member = "concat('{', t.type, ':', t.identifier, '}')"
        cell = f"case when json_type({part}) = 'ARRAY' then array_to_string(list_transform({typed}, lambda t: {member}), ',') "
        cell += f"else {part} ->> '$' end"
    else:
        cell = _listed(part)
    return _on_one_line(cell)


def _scalar(part: str) -> str:
    return f"case when json_type({part}) not in ('ARRAY', 'OBJECT') then {part} ->> '$' end"


def _listed(part: str) -> str:
    """A text, or the texts of a list as OneRoster's CSV binding writes them, comma separated."""
    listed = f"array_to_string(json_extract_string({part}, '$[*]'), ',')"
    return f"case when json_type({part}) = 'ARRAY' then {listed} else {part} ->> '$' end"


def _metadata_keys(connection: duckdb.DuckDBPyConnection, source: str) -> dict[str, list[str]]:
    """The keys that objects have in `metadata`, dotted where an object lies in it, each with the JSON paths that lead there.

    Keys that differ in capital letters only are one, as headers are; the spelling that sorts first names it.
    """
    keys: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    level = [("", "$")]
    for _ in range(MOST_DEPTH):
        deeper: list[tuple[str, str]] = []
        for prefix, path in level:
            rows = connection.execute(
                "select key, bool_or(kind = 'OBJECT'), bool_and(kind in ('OBJECT', 'NULL')) "
                "from (select unnest(json_keys(m)) as key, m from "
                f"(select o.metadata -> {_text(path)} as m from {source}) where json_type(m) = 'OBJECT'), "
                "lateral (select json_type(m, '$.' || to_json(key)) as kind) group by key order by key"
            ).fetchall()
            for key, has_parts, has_no_text in rows:
                full, inner = f"{prefix}{key}", f"{path}.{json.dumps(key, ensure_ascii=False)}"
                if has_parts:
                    deeper.append((f"{full}.", inner))
                if not (has_parts and has_no_text) and len(names) < MOST_KEYS:
                    known = names.setdefault(full.strip().casefold(), full)
                    keys.setdefault(known, []).append(inner)
        level = deeper
    return keys


def _metadata_cell(paths: Sequence[str]) -> str:
    """A key's text: of the first spelling that an object has; an object in its place has texts of its own."""
    found = [f"case when json_type(o.metadata, {_text(path)}) not in ('OBJECT', 'NULL') then {{}} end" for path in paths]
    cells = [one.format(_listed(f"(o.metadata -> {_text(path)})")) for one, path in zip(found, paths, strict=True)]
    return _on_one_line(f"coalesce({', '.join(cells)})")


def _on_one_line(cell: str) -> str:
    """A cell without line breaks, so that row n of the text is object n."""
    return f"translate({cell}, chr(10) || chr(13), '  ')"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def read_rows(pages: Path, target: Path, about: Mapping[str, Any]) -> list[str]:
    """As `write_rows`, with what is asked as JSON has it."""
    fields = [ObjectField(**one) for one in about["fields"]]
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return write_rows(pages, target, about["collection"], fields, about["largest_page"], about["part"])
