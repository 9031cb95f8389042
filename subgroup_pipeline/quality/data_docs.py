"""Data Docs: the stored results of Great Expectations as pages that load nothing, from this server or another.

GX's own pages draw themselves with 13 scripts and styles of public servers: blank without a network, and a machine with
student data would call out. These hold names of checks and totals: no cell, no key.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Template

    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class _Run:
    """The results of one validation, one suite per table, as GX stores them."""

    name: str
    time: str
    suites: list[dict[str, Any]]

    @property
    def checks(self) -> int:
        return sum(suite["statistics"]["evaluated_expectations"] for suite in self.suites)

    @property
    def failed(self) -> int:
        return sum(suite["statistics"]["unsuccessful_expectations"] for suite in self.suites)


def write_data_docs(settings: Settings) -> None:
    """Write one page per stored validation, and the index, newest first; whatever else lies among the pages is removed."""
    docs = settings.paths.gx / "data_docs"
    docs.mkdir(mode=0o700, parents=True, exist_ok=True)
    runs = _stored_runs(settings.paths.gx / "validations")
    pages = {"index.html": _template("data_docs_index.html.j2").render(runs=runs)}
    pages |= {f"{run.name}.html": _template("data_docs_run.html.j2").render(run=run) for run in runs}
    for name, page in pages.items():
        (docs / name).write_text(page, encoding="utf-8")
    for path in docs.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in pages:
            path.unlink()


def _stored_runs(validations: Path) -> list[_Run]:
    suites: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for path in sorted(validations.glob("*/*/*/*.json")):
        suite = json.loads(path.read_bytes())
        run_id = suite["meta"]["run_id"]
        suites.setdefault((run_id["run_time"][:19].replace("T", " "), run_id["run_name"]), []).append(suite)
    return [_Run(name, time, found) for (time, name), found in sorted(suites.items(), reverse=True)]


@cache
def _template(name: str) -> Template:
    from jinja2 import DictLoader, Environment

    sources = {source: files(__package__).joinpath(source).read_text(encoding="utf-8") for source in ("data_docs.html.j2", name)}
    return Environment(loader=DictLoader(sources), autoescape=True).get_template(name)
