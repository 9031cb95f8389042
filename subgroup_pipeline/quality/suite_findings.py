"""What failed in the suites, as findings about a file of a delivery."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.quality.subgroup_file import header_of
from subgroup_pipeline.warehouse.oneroster import roster_tables

if TYPE_CHECKING:
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.quality.validation import Failure, Validation
    from subgroup_pipeline.registry.schema import Delivery

_SHARED_CODES = frozenset({"KEY001", "KEY002", "VOC201", "VOC202", "VOC203", "DAT301", "DAT302", "ENR103", "LST101"})
"""Codes that several checks give, so that the finding has to say which rule it was."""


def failures_by_delivery(validation: Validation) -> dict[str, list[Failure]]:
    """What failed, by delivery."""
    failures: dict[str, list[Failure]] = defaultdict(list)
    for failure in validation.failures:
        failures[failure.delivery_id].append(failure)
    return failures


def as_finding(district: RegisteredDistrict, delivery: Delivery, failure: Failure) -> Finding:
    """A failure as a finding that knows its rows by key."""
    files = {table.name: table.file_name for table in roster_tables().values()}
    name = files.get(failure.table, delivery.files[0].name)
    subgroups = district.settings.subgroups
    column = failure.column
    if failure.table == "subgroup_row" and subgroups:
        column = header_of(delivery, name, subgroups.student_id_column)
    key_column = column if failure.table == "subgroup_row" else failure.key_column
    about = f"({failure.what[0].upper()}{failure.what[1:]}.)" if failure.code in _SHARED_CODES else ""
    return Finding(
        failure.code,
        file=name,
        column=column,
        count=failure.count,
        about=about,
        key_column=key_column or "",
        keys=failure.keys,
    )
