"""An installation without a server, and what landing and the checks made of its deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.landing.failing_rows import FailingRow, locate
from subgroup_pipeline.landing.lines import find_all_lines
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.row_lookup import FoundRow, KeyedRows
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support.home import Home


class Place(Home):
    """An installation whose raw tables, lines and findings are looked at."""

    def lines(self, delivery_id: str, file: str, column: str, *values: str, most: int = 5) -> tuple[int, ...]:
        """Lines of the rows of a delivered file that have one of these values in a column."""
        (found,) = self.rows(delivery_id, file, [KeyedRows(column, values)], most)
        return tuple(row.line for row in found)

    def rows(self, delivery_id: str, file: str, wanted: Sequence[KeyedRows], most: int) -> list[list[FoundRow]]:
        """Rows of a delivered file, looked up as a finding does."""
        with ReadingPool(1) as readers:
            return find_all_lines(self.settings.paths, readers, self.delivery(delivery_id), file, wanted, most)

    def locate(self, delivery_id: str, findings: Sequence[Finding]) -> tuple[list[Finding], list[FailingRow]]:
        """Findings with their lines, and the rows behind them."""
        with ReadingPool(1) as readers:
            return locate(self.settings.paths, readers, self.delivery(delivery_id), findings)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with open_warehouse(self.settings) as connection:
            return connection.execute(query).fetchall()

    def codes(self, delivery_id: str) -> set[str]:
        return {finding.code for finding in self.delivery(delivery_id).findings}

    def found(self, delivery_id: str, code: str) -> list[tuple[str | None, int | None, str | None, str]]:
        """File, line, column and message of the findings of a code."""
        return [(f.file, f.line, f.column, f.message) for f in self.delivery(delivery_id).findings if f.code == code]

    def table(self, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return self.ask(f"select {columns} from raw.{name} order by all")

    def raw_counts(self, delivery_id: str) -> dict[str, int]:
        """Rows of a delivery by raw table, without the empty ones."""
        from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES

        parts = [f"select '{table}', count(*) from raw.{table} where delivery_id = '{delivery_id}'" for table in RAW_TABLES]
        return {table: count for table, count in self.ask(" union all ".join(parts)) if count}
