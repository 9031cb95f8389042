"""The forms of a report, and the JSON Schema that its JSON keeps to."""

from __future__ import annotations

import json
from collections.abc import Callable

from subgroup_pipeline.reports.csv_table import as_csv
from subgroup_pipeline.reports.html_page import as_html
from subgroup_pipeline.reports.report import REPORT_VERSION, Report
from subgroup_pipeline.reports.workbook import as_xlsx


def as_json(report: Report) -> str:
    """The report as JSON; `json_schema` says what is in it."""
    return report.model_dump_json(indent=2) + "\n"


def json_schema() -> str:
    """The JSON Schema of `as_json`, as text."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"report_version {REPORT_VERSION}; made by `make docs`",
        **Report.model_json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=2) + "\n"


FORMS: dict[str, Callable[[Report], bytes]] = {
    "html": lambda report: as_html(report).encode(),
    "xlsx": as_xlsx,
    "csv": lambda report: as_csv(report).encode(),
    "json": lambda report: as_json(report).encode(),
}
"""How each form is made, by the ending of its file: to read, to sort in Excel, for other programs."""
