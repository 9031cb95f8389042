"""Rosters that were fetched from a OneRoster server: their pages as the files of a package, and the places of their findings.

The JSON binding has other names than the CSV binding: `school` for schoolSourcedId, `orgs` for orgSourcedIds (OneRoster 1.1,
sections 4.1 to 4.13). In 1.2 the roles of a user stand in the user, where the CSV binding has
roles.csv. A finding names the endpoint, the object by its number in sourcedId order, and the field.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import Finding, columns_of
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.reading.listed_pages import LISTING, ListedCollection, Listing, ObjectField, pages_file
from subgroup_pipeline.reading.roster_files import MANIFEST
from subgroup_pipeline.warehouse.oneroster import NEVER_LANDED, roster_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from subgroup_pipeline.home import Home
    from subgroup_pipeline.reading.reading_pool import ReadingPool
    from subgroup_pipeline.reading.roster_files import Edition
    from subgroup_pipeline.registry.schema import Delivery

_ONE, _SEVERAL = "SourcedId", "SourcedIds"
_TYPED_IDS = "userIds"
_PARTS = {"roles": "users"}
"""Files whose rows are members of lists in other objects, by the list of these."""


def is_listed(delivery: Delivery) -> bool:
    """Whether a delivery was fetched as lists."""
    return delivery.proof == "complete_listing"


def listing_of(uploads: Mapping[str, Path]) -> Listing:
    """What was fetched; `uploads` are the plain files of a delivery by name."""
    return Listing.read(uploads[LISTING])


def files_of(listing: Listing) -> dict[str, ListedCollection]:
    """The kinds of OneRoster files that the lists stand for, each with its list."""
    parts = {part: listing.collections[of] for part, of in _PARTS.items() if of in listing.collections}
    return {**listing.collections, **(parts if listing.version == "1.2" else {})}


def object_fields(kind: str, edition: Edition) -> list[ObjectField]:
    """The columns of a kind of OneRoster file that are landed, and where an object has them."""
    table = roster_tables(edition)[kind]
    return [_field(table.names_of(column)[0]) for column in table.columns if column not in NEVER_LANDED]


def _field(column: str) -> ObjectField:
    if column.endswith(_SEVERAL):
        return ObjectField(column, f"{column.removesuffix(_SEVERAL)}s", "refs")
    if column.endswith(_ONE) and column != "sourcedId":
        return ObjectField(column, column.removesuffix(_ONE), "ref")
    return ObjectField(column, column, "ids" if column == _TYPED_IDS else "text")


def write_list(uploads: Mapping[str, Path], readers: ReadingPool, kind: str, target: Path) -> bool:
    """Write the rows of one list as a CSV text; whether its process survived that."""
    listing, collection = listing_of(uploads), _PARTS.get(kind, kind)
    about = {
        "collection": collection,
        "part": kind if kind in _PARTS else "",
        "fields": [asdict(field) for field in object_fields(kind, listing.version)],
        "largest_page": listing.collections[collection].largest_page,
    }
    return readers.read_listed_rows(uploads[pages_file(collection)], target, about) is not None


@contextmanager
def rows_of_list(delivery: Delivery, home: Home, readers: ReadingPool, file_name: str) -> Iterator[Path | None]:
    """The rows of one list, for as long as they are looked through; None for a list that the delivery does not have.

    Raises FileNotFoundError and ArchiveDamagedError as the archive does.
    """
    kind = next((one for one, table in roster_tables("1.2").items() if table.file_name == file_name), "")
    pages_name = pages_file(_PARTS.get(kind, kind))
    names = {file.name: file.sha256 for file in delivery.files}
    if pages_name not in names:
        yield None
        return
    archive = DistrictArchive(home, delivery.district_id)
    with (
        archive.opened(names[LISTING], home.scratch) as listing,
        archive.opened(names[pages_name], home.scratch) as pages,
    ):
        rows = pages.with_name(file_name)
        yield rows if write_list({LISTING: listing, pages_name: pages}, readers, kind, rows) else None


def place_in_list(finding: Finding) -> Finding:
    """A finding that names the endpoint, the object and the field, in place of file, line and column."""
    table = next((table for table in roster_tables("1.2").values() if table.file_name == finding.file), None)
    if table is None:
        return replace(finding, file=None, line=None, lines=()) if finding.file == MANIFEST else finding
    names = [field_name(table.kind, column) for column in columns_of(finding.column)]
    lines = tuple(line - 1 for line in finding.lines if line > 1)
    line = finding.line - 1 if finding.line and finding.line > 1 else None
    if table.kind in _PARTS:  # its rows are no objects of their own
        line, lines = None, ()
    return replace(finding, file=endpoint(finding.file), line=line, lines=lines, column=", ".join(names) or finding.column)


def endpoint(file_name: str | None) -> str | None:
    """The endpoint that has what a file of a package would have."""
    known = (table.kind for table in roster_tables("1.2").values() if table.file_name == file_name)
    return next((f"/{_PARTS.get(kind, kind)}" for kind in known), file_name)


def field_name(kind: str, column: str) -> str:
    """The field of an object that a column of a file stands for."""
    edition: Edition = "1.2" if kind in _PARTS else "1.1"
    known = (field for field in object_fields(kind, edition) if field.column == column)
    name = next((f"{field.name}.sourcedId" if field.form in ("ref", "refs") else field.name for field in known), column)
    return f"{kind}.{name}" if kind in _PARTS else name
