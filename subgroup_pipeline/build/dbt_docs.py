"""dbt's documentation of the project as one page that loads nothing else, made from the manifest that is kept.

`dbt docs generate --static` puts manifest and catalogue into the page that ships with dbt. We do the same with the manifest that
`parsed_project` keeps: that takes milliseconds where dbt takes seconds, opens no warehouse, and is never older than the project.
The catalogue, in which dbt lists what stands in one warehouse, holds the columns whose types the contracts name.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.build.parsed_project import FOR_DAGSTER, kept_project
from subgroup_pipeline.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from subgroup_pipeline.home import Home

_MANIFEST, _CATALOG = '"MANIFEST.JSON INLINE DATA"', '"CATALOG.JSON INLINE DATA"'
_SCRIPT = re.compile(r"<script[^>]*>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True)
class DbtDocs:
    """The page, and the scripts in it as a Content-Security-Policy names them (`'sha256-…'`, CSP level 3, section 6.7)."""

    html: str
    script_sources: str


def dbt_docs(home: Home) -> DbtDocs | None:
    """The documentation of the models as they stand; None where nobody has parsed the project yet.

    Raises BuildError when dbt's page has no place for a manifest, which another version of dbt could bring.
    """
    manifest = kept_project(home, FOR_DAGSTER)
    if manifest is None:
        return None
    page = files("dbt.task.docs").joinpath("index.html").read_text(encoding="utf-8")
    if _MANIFEST not in page or _CATALOG not in page:
        raise BuildError("dbt's page of documentation has no place for a manifest; is this another dbt than in the lock?")
    catalog = json.dumps(_catalog(json.loads(manifest)["nodes"].values()))
    html = page.replace(_MANIFEST, _in_script(manifest.decode())).replace(_CATALOG, _in_script(catalog))
    hashes = (hashlib.sha256(script.encode()).digest() for script in _SCRIPT.findall(html))
    return DbtDocs(html, " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes))


def _in_script(text: str) -> str:
    """JSON within a script: no text of ours may end it."""
    return text.replace("<", r"\u003c")


def _catalog(nodes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What dbt's `catalog.json` says (schema v1) of the models with a contract: their columns, with the types in it."""
    return {
        "metadata": {},
        "sources": {},
        "errors": None,
        "nodes": {
            node["unique_id"]: {
                "unique_id": node["unique_id"],
                "metadata": {
                    "type": "view" if node["config"]["materialized"] == "view" else "table",
                    **{part: node[part] for part in ("database", "schema", "name")},
                },
                "columns": {
                    name: {"type": column["data_type"], "index": index, "name": name}
                    for index, (name, column) in enumerate(node["columns"].items(), 1)
                },
                "stats": {},
            }
            for node in nodes
            if node["config"].get("contract", {}).get("enforced")
        },
    }
