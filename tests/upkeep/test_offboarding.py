"""A district that leaves: nothing of its students is found in any byte of the home, and the others are as they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from subgroup_pipeline.desk.offboarding import Certificate, offboard_district
from subgroup_pipeline.desk.one_student import erase
from subgroup_pipeline.errors import UnknownDistrictError
from subgroup_pipeline.keyring import Keyring
from subgroup_pipeline.orchestration.dagster_history import DagsterHistory
from subgroup_pipeline.orchestration.instance import open_instance
from subgroup_pipeline.publish.manifest import snapshot_names
from subgroup_pipeline.registry.schema import AuditEvent, Mail
from subgroup_pipeline.upkeep.proof import prove_all
from tests.support import small_district as small
from tests.support.installation import Installation, installation_in, zip_of
from tests.support.traces import traces

pytestmark = pytest.mark.slow

STUDENTS = 340
_NAMES = r"Zq(?:given|family|mail)\d+|zqs\d+"
"""Three kinds of names and IDs per student: over a thousand of them."""
_REPORT = "from marts.rpt_school_subgroup where district_id = 'beta' order by all"


def _alpha(students: int) -> tuple[bytes, str]:
    def renamed(text: str) -> str:
        for old, new in ((r"\bs(\d{3},)", r"zqs\1"), (r"\bGiven(\d+,)", r"Zqgiven\1"), (r"\bFamily(\d+,)", r"Zqfamily\1")):
            text = re.sub(old, new, text)
        return text

    return zip_of({name: renamed(text) for name, text in small.roster(students).items()}), renamed(small.subgroups(students))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Two districts, two nights, a held delivery with a report, mail, and a check that is still asked for."""
    with installation_in(tmp_path_factory.mktemp("offboarding") / "home") as made:
        for district in ("alpha", "beta"):
            made.apply(small.settings(district) + "contacts: [Zqmail1@alpha.example]\n" * (district == "alpha"))
        for students in (STUDENTS, STUDENTS + 1):
            roster, subgroups = _alpha(students)
            made.drop("alpha", "roster", {"roster.zip": roster})
            made.drop("alpha", "subgroups", {"s.csv": subgroups + "zqs990,Perhaps,n\n"})
            made.drop("beta", "roster", {"roster.zip": zip_of(small.roster(students - STUDENTS + 12))})
            made.drop("beta", "subgroups", {"s.csv": small.subgroups(12)})
            made.night()
        made.drop("alpha", "subgroups", {"late.csv": subgroups})
        yield made


def _offboard(home: Installation, *, dry_run: bool = False) -> Certificate:
    with open_instance(home.settings) as instance:
        history = DagsterHistory(instance, home.settings)
        return offboard_district(home.registry, home.settings, history, "alpha", by="test", dry_run=dry_run)


def test_counts_fall_by_one_when_a_student_is_erased(home: Installation) -> None:
    before = home.district_report("alpha")
    done = erase(home.registry, home.settings, "alpha", "zqs005", by="test", reason="asked", dry_run=False)
    assert {"archive/", "warehouse/raw.duckdb", "warehouse/analytics.duckdb", "history/history.duckdb", "published/"} == set(
        done.removed
    )
    assert prove_all(home.registry, home.settings, run_id="test").damage == []
    assert ("zqs005",) not in home.ask("select student_id from marts.dim_student")
    assert home.district_report("alpha") == before, "until the next run"
    home.night()
    assert traces(home.settings, r"zqs005\b|Zqgiven5\b|Zqfamily5\b") == {}
    after = home.district_report("alpha")
    assert after["all_students", "all"] == before["all_students", "all"] - 1 == STUDENTS
    assert after["english_learner", "no"] == before["english_learner", "no"] - 1
    assert after["english_learner", "yes"] == before["english_learner", "yes"]


def test_nothing_of_it_is_found_afterwards_and_the_others_are_as_they_were(home: Installation) -> None:
    home.drop("alpha", "subgroups", {"last.csv": "student_id,ell,sped\nzqs001,Y,n\n"})
    before = traces(home.settings, _NAMES)
    places = {name.partition("/")[0] for name in before}
    assert {"archive", "failing_rows", "history", "published", "registry.sqlite", "reports", "sftp", "warehouse"} <= places
    kept = home.ask(_REPORT)
    said = _offboard(home, dry_run=True)
    assert (said.is_dry_run, said.is_complete) == (True, False)
    assert traces(home.settings, _NAMES) == before, "a dry run removes nothing"
    certificate = _offboard(home)
    assert [one.fault for one in certificate.removed if one.fault] == []
    assert certificate.is_complete
    assert {one.place: one.things for one in certificate.removed}.keys() >= {one.place for one in said.removed} - {"scratch/"}
    assert traces(home.settings, _NAMES) == {}
    assert not Keyring(home.settings.paths).has_key("alpha")
    assert not (home.settings.paths.sftp / "alpha").exists()
    assert home.ask("select distinct district_id from marts.dim_district") == [("beta",)]
    assert home.ask(_REPORT) == kept
    assert len(snapshot_names(home.settings)) == 3
    assert prove_all(home.registry, home.settings, run_id="test").damage == []
    with home.registry.begin() as session:
        assert session.query(Mail).filter_by(district_id="alpha").count() == 0
        (event,) = session.query(AuditEvent).filter_by(kind="district.offboarded").all()
        assert event.district_id == "alpha"
        assert event.detail["published/"]["things"] > STUDENTS
        assert event.at <= datetime.now(UTC)
    with pytest.raises(UnknownDistrictError):
        _offboard(home)
    home.drop("beta", "subgroups", {"s.csv": small.subgroups(11)})
    home.night()
    assert len(snapshot_names(home.settings)) == 4
    assert traces(home.settings, _NAMES) == {}
