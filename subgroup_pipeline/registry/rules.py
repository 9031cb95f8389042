"""The version of the rules that deliveries are judged by: the suites, the SQL rules and the catalogue of findings."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from subgroup_pipeline.settings import bundled


@cache
def rules_version() -> str:
    """Hash of what a verdict depends on besides the delivery and its district's settings."""
    digest = hashlib.sha256()
    codes = sorted(Path(__file__).with_name("finding_codes").glob("*.py"))
    macros = sorted((bundled("dbt_project") / "macros").rglob("*.sql"))
    for path in (*codes, *sorted(bundled("expectations").glob("*.json")), *macros):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
