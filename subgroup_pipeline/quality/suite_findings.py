"""What failed in the suites, as findings about a file of a delivery."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.landing.listed import is_listed
from subgroup_pipeline.quality.subgroup_file import header_of
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.quality.validation import Failure, Validation
    from subgroup_pipeline.registry.schema import Delivery

_SHARED_CODES = frozenset({"KEY001", "KEY002", "VOC201", "VOC202", "VOC203", "DAT301", "DAT302", "ENR103", "LST101"})
"""Codes that several checks give, so that the finding has to say which rule it was."""

_OF_FULL_FILES = frozenset({"DLT101", "DLT103"})
"""Codes of rows in a full file that look like changes."""

WITHOUT_LINES = frozenset({"GRD627", "GRD630"})
"""Codes of rows in which nothing is to be mended; to look their lines up takes as long as to read the gradebook."""


def failures_by_delivery(validation: Validation) -> dict[str, list[Failure]]:
    """What failed, by delivery."""
    failures: dict[str, list[Failure]] = defaultdict(list)
    for failure in validation.failures:
        failures[failure.delivery_id].append(failure)
    return failures


def as_finding(district: RegisteredDistrict, delivery: Delivery, failure: Failure) -> Finding:
    """A failure as a finding that knows its rows by key."""
    table = RAW_TABLES[failure.table]
    name = table.file_name or delivery.files[0].name
    column, key_column = failure.column, table.key_column
    if table.feed == "subgroups" and (subgroups := district.settings.subgroups):
        column = key_column = header_of(delivery, name, subgroups.student_id_column)
    about = f"({failure.what[0].upper()}{failure.what[1:]}.)" if failure.code in _SHARED_CODES else ""
    return Finding(
        failure.code,
        file=name,
        column=column,
        count=failure.count,
        about=about,
        key_column="" if failure.code in WITHOUT_LINES else key_column,
        keys=() if failure.code in WITHOUT_LINES else failure.keys,
    )


def leave_out_of_lists(validation: Validation, deliveries: Iterable[Delivery]) -> None:
    """Take out what would be said of lists that were fetched for being what they are: every object has a status and a time."""
    lists = {delivery.delivery_id for delivery in deliveries if is_listed(delivery)}
    validation.failures[:] = [f for f in validation.failures if f.delivery_id not in lists or f.code not in _OF_FULL_FILES]
