"""Checking with Great Expectations on pandas: the rules of `gx_rules.py`, on all tables, all districts in one frame per table.

Reading and checking are measured apart, since our own checks find their tables landed.
Run in .bench: python -m benchmarks.side_by_side.by_gx LIST FOLDER WORK
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.side_by_side.gx_rules import KEYS, RULES, Rule
from benchmarks.side_by_side.work import Work, saved_list, unpacked


def frames_of(tables: dict[str, dict[str, Path]]) -> dict[str, pd.DataFrame]:
    """A pandas frame per table, all cells as text, with the district and its keys beside them."""
    frames = {}
    for table, files in tables.items():
        parts = [pd.read_csv(path, dtype=str).assign(district_id=district_id) for district_id, path in files.items()]
        frame = pd.concat(parts, ignore_index=True)
        for key, column in KEYS[table].items():
            frame[key] = frame["district_id"] + "/" + frame[column]
        frames[table] = frame
    return frames


def _add_unknown(rule: Rule, frame: pd.DataFrame, frames: dict[str, pd.DataFrame], at: int) -> dict[str, Any]:
    """Add a column that says whether a row's parent is unknown; gives the expectation's arguments."""
    place, _, only = rule.parent.partition("|")
    table, column = place.split(".")
    parents = frames[table].query(only)[column] if only else frames[table][column]
    cells = frame[rule.arguments["column"]]
    frame[f"is_unknown_{at}"] = cells.notna() & ~cells.isin(parents.dropna())
    return rule.arguments | {"column": f"is_unknown_{at}"}


def check(frames: dict[str, pd.DataFrame]) -> dict[str, int]:
    """Run every suite; gives how many rules there were, and how many of them rows fail."""
    import great_expectations as gx
    import great_expectations.expectations as gxe

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    source = context.data_sources.add_pandas("files")
    rules = failed = 0
    for table, frame in frames.items():
        batch = source.add_dataframe_asset(table).add_batch_definition_whole_dataframe("all")
        suite = context.suites.add(gx.ExpectationSuite(name=table))
        for at, rule in enumerate(RULES[table]):
            arguments = _add_unknown(rule, frame, frames, at) if rule.parent else rule.arguments
            suite.add_expectation(getattr(gxe, rule.expectation)(**arguments, meta={"code": rule.code}))
        definition = gx.ValidationDefinition(name=table, data=batch, suite=suite)
        context.validation_definitions.add(definition)
        result = definition.run(batch_parameters={"dataframe": frame}, result_format="BASIC")
        for one in result.results:
            if not one.success and not one.result:
                raise RuntimeError(f"{table}: {one.expectation_config.type}: {one.exception_info}")
        rules += len(result.results)
        failed += sum(not one.success for one in result.results)
    return {"rules": rules, "failed": failed}


def main() -> None:
    """Run from the command line."""
    listed, folder, report = map(Path, sys.argv[1:4])
    import great_expectations  # noqa: F401 - loaded before the clock runs

    logging.disable(logging.WARNING)
    work = Work()
    with work.part("reading"):
        frames = frames_of(unpacked(saved_list(listed), folder / "files"))
    with work.part("checking"):
        work.more.update(check(frames))
    work.rows = sum(len(frame) for frame in frames.values())
    work.save(report)


if __name__ == "__main__":
    main()
