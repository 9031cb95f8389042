"""A sample of a subgroup file: what its shape is, and what stands in each of its columns, counted in DuckDB.

Here belongs everything that reads rows of the sample. Values leave this module only of columns that have few.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.proposal.catalogue import catalogue
from subgroup_pipeline.districts.header_name import canonical
from subgroup_pipeline.errors import ProposalError
from subgroup_pipeline.landing.load import cell_as_read, strict_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.findings.finding import Finding
    from subgroup_pipeline.reading.reading_pool import ReadingPool
    from subgroup_pipeline.reading.shape import CsvShape

FEW = 40
"""Different cells of a column that are counted one by one; the largest list of codes in the catalogue is half of that."""
TABLE = "sample"


@dataclass(frozen=True)
class SampleColumn:
    """One column: its header as written, how many cells are filled, how many different ones, and how often each where few.

    `counts` is by the spelling that is met most, the most frequent first; case does not count. Empty where there are many.
    """

    name: str
    position: int
    filled: int
    blank: int
    distinct: int
    counts: dict[str, int] = field(default_factory=dict, repr=False)

    @property
    def is_repeated(self) -> bool:
        """Whether its values are shared by so many rows that none can be one person's own."""
        return self.distinct <= FEW and 3 * self.distinct <= self.filled


@dataclass(frozen=True)
class Sample:
    """The sample: its file's name and shape, its columns, and whether its first line is a header at all, as far as is known."""

    file_name: str
    shape: CsvShape
    columns: tuple[SampleColumn, ...]
    is_named: bool
    rows: int
    notes: tuple[Finding, ...] = ()


def read_sample(connection: duckdb.DuckDBPyConnection, readers: ReadingPool, path: Path, scratch: Path) -> Sample:
    """Read a file into the table `sample`. Raises ProposalError when it cannot be read, in the words of its finding."""
    known = readers.likely_header(path, catalogue().usual_names)
    shape, readable = readers.read_shape(path, path.name, scratch / "sample.csv", [name for name in known if name])
    if fatal := next((finding for finding in shape.findings if finding.severity == "fatal"), None):
        raise ProposalError(f"{path.name}: {fatal.message} {fatal.how_to_fix}")
    load(connection, TABLE, readable, shape)
    rows: int = connection.execute(f"select count(*) from {TABLE}").fetchall()[0][0]
    if not rows:
        raise ProposalError(f"{path.name} has no row of a student; give a sample with some, for their cells say what they mean.")
    is_named = any(catalogue().knows(name) for name in shape.header)
    columns = counted_columns(connection, TABLE, dict(enumerate(shape.header)), rows) if is_named else ()
    return Sample(path.name, shape, columns, is_named, rows, tuple(shape.findings))


def load(connection: duckdb.DuckDBPyConnection, table: str, readable: Path, shape: CsvShape) -> None:
    """Read a screened file into a table as landing does, with the columns c0, c1, and so on."""
    width = len(shape.header)
    is_clean = shape.is_ascii and not shape.is_padded
    cells = "*" if is_clean else ", ".join(f"{cell_as_read(f'c{n}')} as c{n}" for n in range(width))
    connection.execute(
        f"create table {table} as select {cells} from read_csv(?, {strict_csv(width, shape.delimiter)})", [str(readable)]
    )


def differing_ids(connection: duckdb.DuckDBPyConnection, position: int) -> int:
    """How many IDs stand in several rows that differ."""
    several = f"select 1 from {TABLE} s where c{position} is not null group by c{position} having count(distinct s) > 1"
    count: int = connection.execute(f"select count(*) from ({several})").fetchall()[0][0]
    return count


def twice(names: Sequence[str]) -> set[str]:
    """The headers that another one equals in the form in which they are compared."""
    forms = [canonical(name) for name in names]
    return {name for name in names if forms.count(canonical(name)) > 1}


def counted_columns(
    connection: duckdb.DuckDBPyConnection, table: str, names: Mapping[int, str], rows: int
) -> tuple[SampleColumn, ...]:
    """Count what stands in columns of a table that `load` made; `names` are their headers by position."""
    if not names:
        return ()
    sums = ", ".join(f"count(c{n}), count(distinct lower(c{n}))" for n in names)
    counted = connection.execute(f"select {sums} from {table}").fetchall()[0]
    columns = []
    for place, (n, name) in enumerate(names.items()):
        filled, distinct = counted[2 * place], counted[2 * place + 1]
        counts = most_met(connection, table, n, FEW) if 0 < distinct <= FEW else {}
        columns.append(SampleColumn(name.strip(), n, filled, rows - filled, distinct, counts))
    return tuple(columns)


def most_met(connection: duckdb.DuckDBPyConnection, table: str, position: int, most: int) -> dict[str, int]:
    """The cells of a column that are met most, by the spelling that is met most, with how often; case does not count."""
    c = f"c{position}"
    query = f"select mode({c}), count(*) from {table} where {c} is not null group by lower({c}) order by 2 desc, 1 limit {most}"
    return dict(connection.execute(query).fetchall())
