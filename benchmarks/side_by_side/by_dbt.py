"""A plain dbt project over the same files: `plain_dbt`, copied beside seeds that say what the districts' settings say.

Run in .bench: python -m benchmarks.side_by_side.by_dbt LIST FOLDER WORK (the marts stand in FOLDER/plain.duckdb)
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from benchmarks.side_by_side.work import Delivered, Work, saved_list, unpacked

PROJECT = Path(__file__).with_name("plain_dbt")


def seeds(delivered: list[Delivered]) -> dict[str, list[tuple[str, ...]]]:
    """What the settings say, as rows of three seeds, each with its header first."""
    import yaml

    districts: list[tuple[str, ...]] = [("district_id", "district_name", "as_of_date")]
    subgroups: list[tuple[str, ...]] = [
        ("district_id", "source_column", "subgroup", "is_open", "blank_value", "sensitivity"),
    ]
    values: list[tuple[str, ...]] = [("district_id", "subgroup", "written", "value")]
    for district in delivered:
        said: dict[str, Any] = yaml.load(district.settings.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
        key = district.district_id
        districts.append((key, said["name"], said["as_of"]))
        for header, column in said["subgroups"]["columns"].items():
            is_open = str("open" in column).lower()
            subgroups.append((key, header, column["subgroup"], is_open, column["blank"], column["sensitivity"]))
            # A value that no text means has a row too: it can come out, and the dimension must know it.
            named = column.get("values", {})
            values += [(key, column["subgroup"], written, value) for written, value in named.items()]
            values += [(key, column["subgroup"], "", value) for value in {column["blank"], "not_reported"} - set(named.values())]
        values.append((key, "all_students", "", "all"))
    return {"district": districts, "subgroup": subgroups, "subgroup_value": values}


def main() -> None:
    """Run from the command line."""
    listed, folder, report = map(Path, sys.argv[1:4])
    from dbt.cli.main import dbtRunner

    work = Work()
    with work.part("building"):
        delivered = saved_list(listed)
        unpacked(delivered, folder / "files")
        project = Path(shutil.copytree(PROJECT, folder / "project"))
        (project / "seeds").mkdir()
        for name, rows in seeds(delivered).items():
            with (project / "seeds" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(rows)
        os.environ |= {"BENCH_DATABASE": str(folder / "plain.duckdb"), "BENCH_FILES": str(folder / "files")}
        ran = dbtRunner().invoke(["--quiet", "build", "--project-dir", str(project), "--profiles-dir", str(project)])
        if not ran.success:
            raise SystemExit("the plain project failed")
    nodes = [one.node.resource_type for one in ran.result]
    work.more.update(tests=nodes.count("test"), models=nodes.count("model"))
    work.save(report)


if __name__ == "__main__":
    main()
