"""What somebody knows who kept every release, and not only the last one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from subgroup_pipeline.disclosure.due import DueRelease
from subgroup_pipeline.disclosure.releases import make_releases
from subgroup_pipeline.disclosure.store import open_store
from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.settings import load_settings
from tests.disclosure.made_up_marts import District, made_up_marts

PINE = parse_district("district: pine\nname: Pine\ntimezone: America/Chicago\nprivacy: {release: nightly}\n")
NIGHTS = ((40, 60), (40, 5), (40, 7))
"""Of two values, how many have the first one and how many the second."""


def test_a_count_that_a_release_showed_is_known_after_another_one_hid_it(tmp_path: Path) -> None:
    """The first release shows 40. All of 45, and later all of 47, would give the other value back: 5, and 7."""
    settings = load_settings(home=tmp_path, memory_limit="1GB")
    settings.paths.releases.mkdir()
    settings.paths.scratch.mkdir()
    shown = []
    for night, (first, second) in enumerate(NIGHTS):
        marts = tmp_path / f"{night}.duckdb"
        with made_up_marts({"pine": District({(): {"flag": {"yes": first, "no": second}}})}) as connection:
            connection.execute(f"attach '{marts}' as written; copy from database source to written; detach written")
        due = [DueRelease(PINE, str(night), "night")]
        released = make_releases(settings, marts, due, str(night), datetime.now(UTC))["pine"]
        with open_store(settings) as connection:
            query = (
                "select value, student_count from releases.released_cell where release_id = ? and not hidden and month is null"
            )
            shown.append(dict(connection.execute(query, [released.release_id]).fetchall()))
    assert shown == [{"all": 100, "yes": 40, "no": 60}, {}, {}]
