"""Lines of rows that findings need: which archived file holds them, and how it was read when it was screened."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from subgroup_pipeline.errors import ArchiveDamagedError
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.landing.listed import is_listed, rows_of_list
from subgroup_pipeline.reading.roster_files import roster_file
from subgroup_pipeline.reading.row_lookup import FoundRow, HowRead, KeyedRows
from subgroup_pipeline.reading.zip_proof import member_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from subgroup_pipeline.home import Home
    from subgroup_pipeline.reading.reading_pool import ReadingPool
    from subgroup_pipeline.registry.schema import Delivery


def find_all_lines(
    home: Home, readers: ReadingPool, delivery: Delivery, file_name: str, wanted: Sequence[KeyedRows], most: int
) -> list[list[FoundRow]]:
    """Rows of several findings in a file of a delivery, as `row_lookup.find_rows` finds them.

    None are found in a file that the delivery does not have, that is not kept, or that takes its process beyond the limits.
    """
    noted = delivery.record.reading_of(file_name)
    how = HowRead(noted.encoding, noted.delimiter, noted.columns, noted.header_line, noted.last_line)
    try:
        with _opened(home, readers, delivery, file_name) as (path, member):
            return [[] for _ in wanted] if path is None else readers.find_rows(path, member, how, wanted, most)
    except (FileNotFoundError, ArchiveDamagedError):
        return [[] for _ in wanted]


@contextmanager
def _opened(home: Home, readers: ReadingPool, delivery: Delivery, file_name: str) -> Iterator[tuple[Path | None, str]]:
    """Plain bytes with the rows of a file, and its name if that is a member of a zip; None where there is no such file."""
    if is_listed(delivery):
        with rows_of_list(delivery, home, readers, file_name) as rows:
            yield rows, ""
    elif (place := _place(delivery, file_name)) is None:
        yield None, ""
    else:
        sha256, member = place
        with DistrictArchive(home, delivery.district_id).opened(sha256, home.scratch) as path:
            yield path, member


def _place(delivery: Delivery, file_name: str) -> tuple[str, str] | None:
    """The hash that a file lies under in the archive, and the member's name if that is a zip."""
    for file in delivery.files:
        if file_name not in (member_name(file.name), roster_file(member_name(file.name))):
            continue
        if not file.member_of:
            return file.sha256, ""
        upload = next(f for f in delivery.files if f.name == file.member_of and not f.member_of)
        return upload.sha256, file.name
    return None
