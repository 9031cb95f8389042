"""Districts that differ in where their subgroups are: in the roster, in `demographics.csv`, in a file."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support import small_district as small
from tests.support.installation import Installation

HEAD = "district: {0}\nname: Made-up\ntimezone: UTC\nas_of: 2026-10-01\nguards: {{first_delivery: accept, match_rate: 0}}\n"
YES_NO = "values: {y: yes, n: no}"


def settings(district: str, sources: str, **columns: str) -> str:
    """The YAML of a district; a column is what stands in its braces, `subgroup` being its own name."""
    lines = [f"    {name.replace('__', '.')}: {{subgroup: {name.split('__')[-1]}, {rest}}}\n" for name, rest in columns.items()]
    return HEAD.format(district) + f"subgroups:\n  sources: {sources}\n  columns:\n" + "".join(lines)


def roster(
    users: Mapping[str, Mapping[int, str]] | None = None, demographics: list[str] | None = None, students: int = 10
) -> dict[str, str]:
    """The small roster with further columns of users.csv (header to cell by student) and lines of demographics.csv."""
    files = small.roster(students)
    lines = files["users.csv"].splitlines()
    for header, cells in (users or {}).items():
        lines = [f"{lines[0]},{header}", *(f"{line},{cells.get(n, '')}" for n, line in enumerate(lines[1:]))]
    files["users.csv"] = "\n".join(lines) + "\n"
    if demographics:
        files["demographics.csv"] = "\n".join(demographics) + "\n"
    del files["manifest.csv"]
    return {"manifest.csv": small.manifest(files), **files}


RACE_HEADER = (
    "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,"
    "nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity"
)


def evening(made: Installation) -> None:
    """What they upload before a night."""
    made.apply(settings("file_first", "[file, roster_metadata]", ell=YES_NO, sped=f"{YES_NO}, from: metadata.sped"))
    made.apply(settings("roster_first", "[roster_metadata, file]", ell=YES_NO, sped=f"{YES_NO}, from: file"))
    shared = {"metadata.ell": {0: "N", 1: "N", 2: "maybe", 3: "Y"}, "metadata.sped": {0: "y"}}
    file = "student_id,ell\ns000,Y\ns001,\ns002,perhaps\ns004,n\n"
    made.drop("file_first", "roster", roster(shared))
    made.drop("file_first", "subgroups", {"s.csv": file})
    made.drop("roster_first", "roster", roster({"metadata.ell": shared["metadata.ell"]}))
    made.drop("roster_first", "subgroups", {"s.csv": "student_id,ell,sped\ns000,Y,n\n"})
    made.apply(settings(
        "shared", "[roster_metadata, demographics]", ell=f"{YES_NO}, blank: no",
        gifted=f"{YES_NO}, blank: no, optional: true", sex="from: demographics.Sex, blank: declined",
        asian="from: demographics.asian, blank: no, optional: true",
    ))  # fmt: skip
    made.drop("shared", "roster", roster(None, ["sourcedId,sex,metadata.ell", "s000,Female,Y", "s001,,", "s002,x,n"]))
    made.apply(settings(
        "dotted", "[roster_metadata]", ell=f"{YES_NO}, from: metadata.edu.english_learner",
        sped=f"{YES_NO}, from: METADATA.EDU.Special-Education", metadata__lunch="open: true",
    ))  # fmt: skip
    dotted = {" Metadata.Edu.ENGLISH learner": "Y", "metadata.edu.special_education": "n", "METADATA.LUNCH": "Free"}
    made.drop("dotted", "roster", roster({header: {0: cell} for header, cell in dotted.items()}))
    made.apply(settings("races", "[demographics]", race="from: demographics.race_ethnicity"))
    races = ["s000,,,,,,,,,true,,TRUE", "s001,,,,,,true,,,true,,false", "s002,,,,,,,,,true,true,", "s003,,,,,,,True,,,,"]
    races += ["s004,,,,,false,false,false,false,false,false,false", "s005,,,,,,,,,,,", "s006,,,,,,,,,Y,,", "s007,,,,,,,,,?,,"]
    made.drop("races", "roster", roster(None, [RACE_HEADER, *races]))
    made.apply(settings("imagine", "[roster_metadata]", language="open: true"))
    made.drop("imagine", "roster", roster({"ext_imagineLearning_Language": {0: "Twi"}}))
