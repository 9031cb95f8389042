"""One subgroup file of the run, as the guards speak of it: its settings, and the lines of what was found in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from subgroup_pipeline.districts.header_name import canonical
from subgroup_pipeline.districts.limits import limit_in_words
from subgroup_pipeline.findings.finding import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.districts.district_file import DistrictSettings, SubgroupColumn
    from subgroup_pipeline.districts.guards import Guards
    from subgroup_pipeline.registry.schema import Delivery, FindingRow


class RowsSought(TypedDict, total=False):
    """The fields of a finding that say how its rows are found in the file."""

    key_column: str
    keys: tuple[str, ...]
    id_column: str


def header_of(delivery: Delivery, file_name: str, column: str) -> str:
    """A column of the settings as a file of a delivery calls it, where that is not its canonical form."""
    return delivery.record.reading_of(file_name).columns.get(canonical(column), canonical(column))


@dataclass(frozen=True)
class SubgroupFile:
    """A delivery of the feed `subgroups`, the district's settings, and the live delivery it would replace, if any."""

    settings: DistrictSettings
    delivery: Delivery
    live: Delivery | None = None

    @property
    def name(self) -> str:
        """The file's name as uploaded."""
        return self.delivery.files[0].name

    @property
    def guards(self) -> Guards:
        """The district's limits."""
        return self.settings.guards

    @property
    def id_column(self) -> str:
        """The column with the student's ID, as the file calls it."""
        return self.header(self.settings.subgroups.student_id_column if self.settings.subgroups else "student_id")

    def header(self, column: str) -> str:
        """A column of the settings as the file calls it."""
        return header_of(self.delivery, self.name, column)

    def limit(self, guard: str) -> str:
        """A limit in words."""
        return limit_in_words(self.settings, guard)

    def by_ids(self, ids: Sequence[str]) -> RowsSought:
        """Where a finding's rows are found: by these student IDs."""
        return {"key_column": self.id_column, "keys": tuple(ids)}

    def by_cells(self, column: str, cells: Sequence[str]) -> RowsSought:
        """Where a finding's rows are found: by these texts in a column."""
        return {"key_column": column, "keys": tuple(cells), "id_column": self.id_column}

    def column(self, name: str) -> SubgroupColumn | None:
        """The setting of a column, given in canonical form."""
        columns = self.settings.subgroups.columns if self.settings.subgroups else {}
        return next((column for header, column in columns.items() if canonical(header) == name), None)

    def columns_with(self, code: str, *, in_live: bool = False) -> dict[str, str]:
        """Columns that landing named under a code, in this file or in the live one: header by canonical form."""
        return {canonical(name): name for finding in self._said(code, in_live) for name in columns_of(finding.column)}

    def names_all(self, code: str, *, in_live: bool = False) -> bool:
        """Whether landing named all columns under a code; a finding names as many as its field holds."""
        return all((finding.count or 1) == len(columns_of(finding.column)) for finding in self._said(code, in_live))

    def _said(self, code: str, in_live: bool) -> list[FindingRow]:
        delivery = self.live if in_live else self.delivery
        return [finding for finding in (delivery.findings if delivery else []) if finding.code == code]
