"""Laying out what readers may share for the noticeboard, which knows that one folder and nothing else of the home."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from subgroup_pipeline.posted import CURRENT, NAMES, NUMBERS, NamedDistrict, NamedSubgroup, NamedValue, Posted, read_posted
from subgroup_pipeline.publish.manifest import DATABASE, current_manifest
from subgroup_pipeline.warehouse.duckdb_files import open_files

if TYPE_CHECKING:
    from collections.abc import Collection

    from subgroup_pipeline.settings import Settings

_NAMES = """
select district_id, district_name, subgroup, any_value(subgroup_label),
    list((value, value_label) order by display_order, value)
from source.marts.dim_district inner join source.marts.dim_subgroup using (district_id)
where district_id in (select unnest(?::varchar[]))
group by all
order by district_id, min(display_order), subgroup
"""


def post_released(settings: Settings) -> None:
    """Lay out what may be shared of the snapshot that readers see, unless it lies there. Raises OSError where that fails.

    The link changes last, so the noticeboard finds the one before or this one. Its group may read it and nobody else.
    """
    manifest = current_manifest(settings)
    if manifest is None or NUMBERS not in manifest.files:
        return
    folder = settings.noticeboard_folder
    last = read_posted(folder / CURRENT)
    if last is not None and (last.snapshot, last.sha256) == (manifest.snapshot, manifest.files[NUMBERS]):
        return
    snapshot = settings.paths.published / manifest.snapshot
    names = _names(settings, snapshot / DATABASE, manifest.releases)
    posted = Posted(snapshot=manifest.snapshot, sha256=manifest.files[NUMBERS], districts=names)
    fresh = Path(tempfile.mkdtemp(prefix=f"{manifest.snapshot}.", dir=folder))
    try:
        if last is not None and last.sha256 == posted.sha256:
            os.link(folder / CURRENT / NUMBERS, fresh / NUMBERS)
        else:
            shutil.copyfile(snapshot / NUMBERS, fresh / NUMBERS)
        (fresh / NAMES).write_text(posted.model_dump_json(), encoding="utf-8")
        for path, mode in ((fresh / NUMBERS, 0o640), (fresh / NAMES, 0o640), (fresh, 0o750)):
            path.chmod(mode)
        link = fresh / CURRENT
        link.symlink_to(fresh.name)
        link.replace(folder / CURRENT)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    for older in folder.glob("*Z.*"):
        if older != fresh:
            shutil.rmtree(older)


def _names(settings: Settings, staff_file: Path, district_ids: Collection[str]) -> dict[str, NamedDistrict]:
    with open_files(settings, read={"source": staff_file}) as connection:
        rows = connection.execute(_NAMES, [list(district_ids)]).fetchall()
    found: dict[str, tuple[str, list[NamedSubgroup]]] = {}
    for district_id, name, subgroup, label, values in rows:
        named = tuple(NamedValue(value=value, label=words or value) for value, words in values)
        of_district = found.setdefault(district_id, (name or district_id, []))[1]
        of_district.append(NamedSubgroup(subgroup=subgroup, label=label or subgroup, values=named))
    return {key: NamedDistrict(name=name, subgroups=tuple(subgroups)) for key, (name, subgroups) in found.items()}
