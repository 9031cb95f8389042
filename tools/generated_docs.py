"""What is made from code: pages of `docs/` (data dictionary, error codes, schema of reports), dbt's sources and column lineage.

Run: python -m tools.generated_docs     (`make docs`; tests hold what it makes to the code)
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from subgroup_pipeline.disclosure.release_tables import PUBLIC_TABLES
from subgroup_pipeline.findings.catalogue import catalogue, glossary
from subgroup_pipeline.findings.severity import SEVERITIES, Severity
from subgroup_pipeline.publish.comments import published_tables
from subgroup_pipeline.settings import bundled, load_settings
from subgroup_pipeline.warehouse.oneroster import vocabularies
from tools.described_tables import own_tables, sources_yml
from tools.for_districts import for_districts
from tools.retention import retention

_EFFECT: dict[Severity, str] = {
    "fatal": "the upload is not used; the last good reports stay",
    "hold": "the upload waits for a person; the last good reports stay",
    "error": "rows are left out of the reports; the rest is used",
    "warning": "everything is used; somebody should look",
    "info": "nothing has to be done",
}
_ABOUT = (
    "The tables of `published/analytics.duckdb`; the same words stand there as comments.",
    "They need no schema before their name: `from rpt_district_subgroup` works.",
    "What each column is made of, back to the files, stands in the portal: `/docs/lineage`, for staff.",
)
_SCHEMAS = {
    "marts": "What is reported. Every contract below is enforced; `dim_district.contract_version` is its version.",
    "quality": "What was delivered, and what became of it. No student values.",
    "public": "What may be shared: in `published/current/shareable.duckdb`, which holds nothing else, with small groups hidden.",
}
_NOTE = "<!-- Made by `make docs`. Change the code it is made from, not this page. -->\n"


def pages() -> dict[str, str]:
    """Text of every generated page, and of dbt's sources and vocabularies, by its path in the checkout."""
    return {
        "docs/data-dictionary.md": data_dictionary(),
        "docs/error-codes.md": error_codes(),
        "docs/for-districts.md": for_districts(),
        "docs/report.schema.json": report_schema(),
        "docs/retention.md": retention(_NOTE),
        "dbt_project/macros/vocabulary.sql": vocabulary_macro(),
        "dbt_project/models/staging/_sources.yml": sources_yml(),
    }


def report_schema() -> str:
    """The JSON Schema of error reports."""
    from subgroup_pipeline.reports.forms import json_schema

    return json_schema()


def data_dictionary() -> str:
    """Every published table and column, as the comments in the published file say it."""
    lines = ["# Data dictionary", "", _NOTE, *_ABOUT, ""]
    tables = [*published_tables(), *PUBLIC_TABLES]
    for schema, about in _SCHEMAS.items():
        lines += [f"## Schema {schema}", "", about, ""]
        for table in (table for table in tables if table.schema == schema):
            lines += [f"### {table.name}", "", table.meaning, "", "| column | type | meaning |", "|-|-|-|"]
            lines += [f"| `{name}` | {column.type.lower()} | {column.meaning} |" for name, column in table.columns.items()]
            lines.append("")
    return "\n".join([*lines, *own_tables()])


def error_codes() -> str:
    """The catalogue of findings: its words, what each severity does to an upload, and a section per code."""
    lines = [
        "# Findings",
        "",
        _NOTE,
        "What a report can say about an upload, and how to mend it. A code never changes its meaning.",
        "",
    ]
    lines += ["## Words", "", "| word | what it means here |", "|-|-|"]
    lines += [f"| {word} | {meaning} |" for word, meaning in glossary().items()]
    lines += [
        "",
        "Whoever runs the service sets the contact that reports name: `SUBGROUPS_CONTACT_NAME`, `_MAIL` and `_PHONE`.",
        "",
    ]
    lines += ["## Severities", "", "| severity | what it does |", "|-|-|"]
    lines += [f"| {severity} | {_EFFECT[severity]} |" for severity in SEVERITIES]
    codes = sorted(catalogue().values(), key=lambda entry: entry.code)
    lines += ["", "## Codes", "", "| code | severity | what it says |", "|-|-|-|"]
    lines += [f"| [{c.code}](#{c.code.lower()}) | {c.severity} | {c.what} |" for c in codes]
    for entry in codes:
        lines += ["", f"## {entry.code}", "", f"**{entry.what}** ({entry.severity}: {_EFFECT[entry.severity]})", ""]
        lines += [f"- Why: {entry.why}", f"- How to fix: {entry.how_to_fix}"]
        lines += [f"- In Excel: {entry.in_excel}"] if entry.in_excel else []
        lines += [f"- Example: `{entry.example}`"]
    return "\n".join([*lines, ""])


def vocabulary_macro() -> str:
    """The specification's words as a dbt macro, so that models and checks read them and the contract alone spells them."""
    entries = (f"        '{name}': [{', '.join(map(repr, words))}]," for name, words in vocabularies().items())
    return "\n".join(
        [
            "{# The words that OneRoster allows in a column, as SQL: 'a', 'b'. Made by `make docs` from",
            "   subgroup_pipeline/warehouse/oneroster_v1p1_columns.yml, which alone spells them. #}",
            "{% macro words_of(vocabulary) -%}",
            "    {%- set words = {",
            *entries,
            "    } -%}",
            "    '{{ words[vocabulary] | join(\"', '\") }}'",
            "{%- endmacro %}",
            "",
        ]
    )


def column_lineage() -> str:
    """The column lineage of the models, which dbt compiles in a home of their own."""
    from subgroup_pipeline.orchestration.column_lineage import column_lineage_file

    with TemporaryDirectory() as home:
        return column_lineage_file(load_settings(home=Path(home)))


def main() -> None:
    """Write the pages into the checkout, and then the lineage beside the models."""
    for path, text in pages().items():
        (Path(__file__).parents[1] / path).write_text(text, encoding="utf-8")
    (bundled("dbt_project") / "column_lineage.json").write_text(column_lineage(), encoding="utf-8")


if __name__ == "__main__":
    main()
