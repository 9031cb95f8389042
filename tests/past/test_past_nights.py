"""The demo's past: archive and ledger as thirty nights would have left them, worked out backwards from tonight's files."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from pathlib import Path

import pytest

from subgroup_pipeline.demo.districts import make_sample_districts
from subgroup_pipeline.demo.past_nights import NIGHTS, lay_past_nights
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.registry.builds import builds_of
from subgroup_pipeline.registry.ledger import all_deliveries
from subgroup_pipeline.registry.schema import Delivery
from tests.support.home import Home

pytestmark = pytest.mark.slow


def _rows(home: Home, delivery: Delivery, name: str) -> list[list[str]]:
    (file,) = (file for file in delivery.files if file.name == name)
    with DistrictArchive(home.settings.paths, delivery.district_id).opened(file.sha256, home.settings.paths.scratch) as path:
        return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def test_a_month_of_nights_lies_in_archive_and_ledger_and_tonight_says_something_new(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    sample = make_sample_districts(tmp_path / "made up")[1]
    home.apply(sample.yaml_path.read_text(encoding="utf-8"))
    entered = lay_past_nights(home.registry, home.settings, sample)
    deliveries = all_deliveries(home.registry)
    assert (entered, {delivery.state for delivery in deliveries}) == (len(deliveries), {"superseded"})
    assert [d.delivery_id for d in deliveries] == sorted(d.delivery_id for d in sorted(deliveries, key=lambda d: d.received_at))
    with home.registry.begin() as session:
        builds = builds_of(session, sample.district_id)
    assert NIGHTS / 2 < len(builds) <= NIGHTS
    assert len({build.month for build in builds}) >= 2
    rosters = [delivery for delivery in deliveries if delivery.feed == "roster"]
    files = [delivery for delivery in deliveries if delivery.feed == "subgroups"]
    (tonight,) = (file for file in sample.roster_files if file.name == "users.csv")
    users = [_rows(home, roster, "users.csv") for roster in rosters]
    users.append(list(csv.reader(io.StringIO(tonight.read_text(encoding="utf-8"), newline=""))))
    assert all(before != after for before, after in pairwise(users))
    enabled = users[0][0].index("enabledUser")
    assert sum(row[enabled] == "false" for row in users[0]) < sum(row[enabled] == "false" for row in users[-1])
    last = _rows(home, files[-1], sample.subgroup_files[0].name)
    assert last != list(csv.reader(io.StringIO(sample.subgroup_files[0].read_text(encoding="utf-8"), newline="")))
    home.close()
