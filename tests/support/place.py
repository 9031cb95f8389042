"""An installation without a server: deliveries are put into archive and ledger as intake leaves them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.districts.registered import apply_settings, registered_districts
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.intake.archive import incoming_file
from subgroup_pipeline.landing.failing_rows import FailingRow, locate
from subgroup_pipeline.landing.land import Landed, land_deliveries
from subgroup_pipeline.landing.lines import find_all_lines
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.row_lookup import FoundRow, KeyedRows
from subgroup_pipeline.reading.zip_proof import prove_zip
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.ledger import Feed, UploadedFile, get_delivery
from subgroup_pipeline.registry.receiving import register_delivery
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.settings import Settings
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support import small_district as small

Files = Mapping[str, str | bytes]


@dataclass
class Place:
    """Archive, ledger and warehouse of one test."""

    settings: Settings
    registry: Registry

    def apply(self, district: str = "alpha", **replacements: str) -> str:
        text = small.settings(district, **replacements)
        apply_settings(self.registry, parse_district(text), text, actor="test")
        return district

    def deliver(self, feed: Feed, files: Files, district: str = "alpha") -> str:
        """A delivery of these files, as intake would enter them; gives its id."""
        uploads: list[UploadedFile] = []
        for name, content in files.items():
            with incoming_file(self.settings.paths.archive) as incoming:
                incoming.write(content.encode() if isinstance(content, str) else content)
                path = incoming.keep()
                uploads.append(UploadedFile(name, incoming.sha256, incoming.size))
            if name.endswith(".zip"):
                members = prove_zip(path, name).members
                uploads += [UploadedFile(m.name, m.sha256, m.size, member_of=name) for m in members]
        whole = hashlib.sha256("".join(file.sha256 for file in uploads).encode()).hexdigest()
        with self.registry.begin() as session:
            delivery, _ = register_delivery(
                session, district, feed, sha256=whole, content_sha256=whole, proof="settled", files=uploads
            )
            return delivery.delivery_id

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

    def land(self) -> Landed:
        with open_warehouse(self.settings) as connection:
            return land_deliveries(connection, self.registry, self.settings, registered_districts(self.registry))

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with open_warehouse(self.settings) as connection:
            return connection.execute(query).fetchall()

    def delivery(self, delivery_id: str) -> Delivery:
        with self.registry.begin() as session:
            return get_delivery(session, delivery_id)

    def set_state(self, delivery_id: str, state: str) -> None:
        with self.registry.begin() as session:
            get_delivery(session, delivery_id).state = state

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
