"""A proposal is as good as what it makes of the cells: applied, it reads every file as the one who made the file meant it."""

from __future__ import annotations

import csv
import io
import resource
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subgroup_pipeline.districts.district_file import Subgroups, read_district_file
from tests.proposal.conftest import Propose, as_applied
from tests.rehearsal.test_check_command import House
from tests.support import small_district as small
from tests.support.command import Shell
from tests.support.installation import SAMPLES, zip_of

YES_NO = [
    {"Y": "yes", "N": "no"},
    {"1": "yes", "0": "no"},
    {"T": "yes", "F": "no"},
    {"Yes": "yes", "No": "no"},
    {"x": "yes", "": "no"},
]
LISTS = {
    "english_learner": [
        {"EL": "yes", "RFEP": "reclassified", "EO": "english_only"},
        {"LEP": "yes", "NLEP": "no", "": "not_reported"},
    ],
    "economically_disadvantaged": [{"F": "free", "R": "reduced", "P": "paid"}, {"Free": "free", "Full Price": "paid"}],
    "race_ethnicity": [{"HI7": "hispanic_or_latino", "WH7": "white"}, {"Asian": "asian", "Black": "black_or_african_american"}],
    "primary_disability": [{"AUT": "autism", "SLD": "specific_learning_disability", "": "not_reported"}],
    "gender": [{"M": "male", "F": "female"}],
}
HEADERS = {
    "english_learner": ["ell", "EL Status", "LEP"],
    "students_with_disabilities": ["sped", "IEP", "Special Education (Y/N)"],
    "economically_disadvantaged": ["FRL", "Economically_Disadvantaged"],
    "section_504": ["504", "Section 504"],
    "title_i": ["Title I", "title1_flag"],
    "migrant": ["migrant"],
    "homeless": ["Homeless Ind"],
    "foster": ["foster-care"],
    "military_connected": ["is_military"],
    "gifted": ["GATE", "Gifted/Talented"],
    "race_ethnicity": ["Race", "ETHNICITY"],
    "primary_disability": ["Disability Code"],
    "gender": ["Sex"],
}
Column = tuple[str, str, dict[str, str]]


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[Column], list[list[str]]]:
    """A delimiter, columns with what their cells mean, and rows in which every cell occurs."""
    chosen = draw(st.lists(st.sampled_from(sorted(HEADERS)), min_size=1, max_size=5, unique=True))
    columns: list[Column] = []
    for subgroup in chosen:
        meanings = [
            *LISTS.get(subgroup, ()),
            *(YES_NO if subgroup not in ("race_ethnicity", "primary_disability", "gender") else ()),
        ]
        if subgroup == "economically_disadvantaged":
            meanings.remove({"T": "yes", "F": "no"})  # also temporary and free: asked about, in test_proposal
        columns.append((draw(st.sampled_from(HEADERS[subgroup])), subgroup, draw(st.sampled_from(meanings))))
    rows = []
    for n in range(draw(st.integers(4, 12))):
        cells = [list(meaning)[n] if n < len(meaning) else draw(st.sampled_from(sorted(meaning))) for _, _, meaning in columns]
        rows.append([f"s{n:03}", *cells])
    return draw(st.sampled_from(",;\t|")), columns, draw(st.permutations(rows))


def value_of(subgroups: Subgroups, name: str, cell: str) -> str:
    """What a cell counts as under these settings."""
    if not cell:
        return subgroups.columns[name].blank
    return {text.lower(): value for text, value in subgroups.known_values(name).items()}.get(cell.lower(), "not_reported")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files())
def test_every_cell_gets_the_value_that_was_meant(proposed: Propose, made: tuple[str, list[Column], list[list[str]]]) -> None:
    delimiter, columns, rows = made
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([["Student Number", *(c[0] for c in columns)], *rows])
    proposal = proposed(text.getvalue(), small.roster(12))
    subgroups = as_applied(proposal).subgroups
    assert subgroups
    assert proposal.questions == []
    assert (subgroups.student_id_column, subgroups.matches) == ("Student Number", "users.sourcedId")
    for at, (header, subgroup, meaning) in enumerate(columns, 1):
        assert subgroups.columns[header].subgroup == subgroup
        for row in rows:
            assert value_of(subgroups, header, row[at]) == meaning[row[at]], (header, row[at])


@pytest.mark.slow
def test_from_sample_to_an_accepted_check(tmp_path: Path) -> None:
    """The commands as a person gives them; only the review of a first delivery is turned off."""
    shell = Shell(tmp_path)
    (tmp_path / "roster.zip").write_bytes(zip_of(small.roster()))
    shell.write("sample.csv", small.subgroups().replace("student_id,ell,sped", "Student ID,ELL Status,iep"))
    options = ["--district", "pine", "--name", "Pine", "--timezone", "America/Chicago"]
    said = shell.subgroups("district", "propose", "sample.csv", "--roster", "roster.zip", *options)
    assert said.status == 0, said
    assert "1 question" in said.err  # `sped` has N and blanks
    shell.write("pine.yml", said.out)
    assert shell.subgroups("district", "apply", "pine.yml").status == 0
    found = shell.subgroups("district", "propose", "sample.csv", "--json").data
    assert {question["about"] for question in found["questions"]} == {"district", "name", "timezone", "student_id", "iep"}
    assert found["yaml"].startswith("# Proposed from sample.csv")

    (tmp_path / "house").mkdir()
    house = House.at(tmp_path / "house" / "home", memory_limit="1GB", settle_seconds=0)
    house.apply(said.out + "as_of: 2026-10-01\nguards: {first_delivery: accept}\n")
    house.night("pine", "roster", small.roster())
    checked = house.check("pine", "subgroups", {"sample.csv": (tmp_path / "sample.csv").read_text()})
    assert checked.verdict == "accepted", checked.described()
    house.close()


def test_wrong_use_is_said(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    sample = shell.write("sample.csv", small.subgroups())
    shell.subgroups("district", "propose", "none.csv").refuses("none.csv", status=2)
    shell.subgroups("district", "propose", sample, "--timezone", "Mars").refuses("Mars", status=2)
    shell.subgroups("district", "propose", shell.write("a.csv", "%PDF-1.7")).refuses("It is a PDF")


@pytest.mark.real_data
def test_cells_of_faulty_uploads_are_read_as_their_districts_set_them_up(proposed: Propose) -> None:
    """Every subgroup file of the samples of faults: a cell has the value of its district's settings, or is asked about."""
    looked_at = 0
    for settings_file in sorted(SAMPLES.glob("faults/*/district.yml")):
        meant = read_district_file(settings_file)[0].subgroups
        for sample in sorted(settings_file.parent.glob("*/inbox/subgroups/*.csv")) if meant else []:
            subgroups = as_applied(proposed(sample.read_bytes(), name=sample.name)).subgroups
            assert subgroups
            assert meant
            for name in set(meant.columns) & set(subgroups.columns):
                if not meant.columns[name].open:
                    for cell, value in meant.known_values(name).items():
                        assert value_of(subgroups, name, cell) in (value, "not_reported"), (settings_file, name, cell)
            looked_at += 1
    assert looked_at


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_seconds(tmp_path: Path) -> None:
    """Five seconds of one processor, so that other work on the machine does not count; 3.4 when it was measured."""
    count = 100_000
    rows = "".join(f"{n:07},Last{n},{'YN'[n % 2]},{'X' if n % 3 else ''},{'FRP'[n % 3]},{n % 2},Spanish\n" for n in range(count))
    (tmp_path / "sample.csv").write_text(f"student_number,last_name,ell,sped,frl,title_i,home_language\n{rows}")
    (tmp_path / "roster").mkdir()
    header = small.roster(0)["users.csv"].splitlines()[0]
    users = "".join(f"u{n},,,true,o,student,user{n},{{Local:{n:07}}},G,F,,{n:07},,,,,05,\n" for n in range(count))
    (tmp_path / "roster" / "users.csv").write_text(f"{header}\n{users}")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = Shell(tmp_path).subgroups("district", "propose", "sample.csv", "--roster", "roster")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "100000 of 100000  student_number = users.identifier" in said.out
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5
