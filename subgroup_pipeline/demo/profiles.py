"""What tells the demo's three made-up districts apart: names, schools, spellings, settings.

Words only; `districts` draws from them. No name is a real person's or district's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

GIVEN = (
    "Amara", "Ansel", "Brielle", "Caspian", "Cordelia", "Dashiell", "Delphine", "Elias", "Emiko", "Farrah", "Fenna",
    "Gideon", "Hana", "Idris", "Imogen", "Isandro", "Jovan", "Juniper", "Kaia", "Keoni", "Lazlo", "Leona", "Liesel",
    "Mateo", "Mirela", "Nadia", "Nico", "Odalys", "Oren", "Paloma", "Quill", "Rafael", "Rosalind", "Samir", "Saoirse",
    "Soren", "Tamsin", "Teodoro", "Una", "Valentin", "Wren", "Xiomara", "Yusuf", "Zadie",
)  # fmt: skip
FAMILY = (
    "Abernook", "Aldersey", "Barrowind", "Belcourt", "Brightwater", "Calderon-Pike", "Carrowby", "Castellune",
    "Dunmarrow", "Eastlake", "Elmsworth", "Fairbrook", "Fennimar", "Garrowell", "Greycastle", "Hallowmere",
    "Harrowgate", "Ibarrena", "Jandrell", "Kestrelson", "Lindqvar", "Lovendahl", "Maravela", "Marchbank", "Montclove",
    "Nightwell", "O'Farren", "Oakhollow", "Pellamy", "Quenby", "Ravenel", "Rosamar", "Sandoriz", "Stillwater",
    "Tallowby", "Thornbury", "Umberly", "Valdoro", "Vandermoor", "Westerlin", "Whitlow", "Yarrowby", "Zamorel",
    "Zielenka",
)  # fmt: skip
_MIDDLE = "English language arts,Mathematics,Science,Social studies,Physical education,Exploratory"
SUBJECTS = {
    **{grade: [f"{title} {int(grade)}" for title in _MIDDLE.split(",")] for grade in ("06", "07", "08")},
    "09": ["English 9", "Algebra I", "Biology", "World geography", "Physical education", "Art and ceramics"],
    "10": ["English 10", "Geometry", "Chemistry", "World history", "Spanish I", "Health and computing"],
    "11": ["English 11", "Algebra II", "Physics", "US history", "Spanish II", "Theatre and film"],
    "12": ["English 12", "Precalculus", "Environmental science", "Civics", "Statistics", "Personal finance"],
}


@dataclass(frozen=True)
class School:
    """A school, the grades it teaches, and the share of its students in poverty (half or more: Title I schoolwide)."""

    name: str
    grades: tuple[str, ...]
    poverty: float


@dataclass(frozen=True)
class Column:
    """A column of a subgroup file: how a trait is written (`yes=Y no=N`), and what the settings say of it.

    Without `written` the trait is written as it is. `values` are the settings' (`Y=yes N=no`); none means open.
    """

    header: str
    subgroup: str
    trait: str
    written: str = ""
    values: str = ""
    more: str = ""
    blank_share: float = 0.0

    def write(self, traits: dict[str, str], rng: random.Random) -> str:
        """Return the cell for a student."""
        value = traits[self.trait]
        return "" if rng.random() < self.blank_share else _pairs(self.written).get(value, value)

    def setting(self) -> str:
        """Return this column's line of the district's YAML."""
        values = ", ".join(f"{key}: {value}" for key, value in _pairs(self.values).items())
        meaning = f"values: {{{values}}}" if values else "open: true"
        key = self.header.lower().replace(" ", "_").replace("-", "_")
        return f"    {key}: {{subgroup: {self.subgroup}, {meaning}{self.more and ', ' + self.more}}}"


@dataclass(frozen=True)
class Profile:
    """A district: who it is, how it numbers students, and how its files look."""

    district_id: str
    name: str
    timezone: str
    org: str
    students: int
    schools: tuple[School, ...]
    languages: dict[str, float]
    matches: str
    key_format: str
    student_id_header: str
    subgroup_file: str
    columns: tuple[Column, ...]
    line_end: str = "\r\n"
    is_zipped: bool = True
    is_dated: bool = True
    is_untidy: bool = False
    pairs: str = ""
    """Subgroups that are crossed, as the setting is written; without it those of the first eight."""

    def key(self, number: int) -> str:
        """Return a student number as this district prints it."""
        return self.key_format.format(number)

    def settings(self) -> str:
        """Return the district's YAML."""
        lines = [
            f"district: {self.district_id}",
            f"name: {self.name}",
            f"timezone: {self.timezone}",
            f"contacts: [data@{self.district_id.replace('_', '-')}.example]",
            'schedule: "02:00"',
            "roster: {source: sftp, path: inbox/roster}",
            "subgroups:",
            "  sources: [file]",
            "  path: inbox/subgroups",
            '  files: "*.csv"',
            f"  student_id_column: {self.student_id_header}",
            f"  matches: {self.matches}",
            "  columns:",
            *(column.setting() for column in self.columns),
            f"reports: {{bands: {{below: 0, near: 60, met: 75}}{self.pairs and f', pairs: {self.pairs}'}}}",
            "privacy: {minimum_count: 10}",
            "guards: {first_delivery: accept}",
        ]
        return "\n".join(lines) + "\n"


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split())


def _schools(town: str, elementary: str, poverty: tuple[float, ...]) -> tuple[School, ...]:
    """Three elementary schools, a middle and a high school."""
    levels = (("KG", "01", "02", "03", "04", "05"),) * 3 + (("06", "07", "08"), ("09", "10", "11", "12"))
    names = [f"{name} Elementary School" for name in elementary.split(", ")]
    names += [f"{town} Middle School", f"{town} High School"]
    return tuple(School(*school) for school in zip(names, levels, poverty, strict=True))


def _flags(spelling: str, columns: str, blank_share: float = 0.0) -> tuple[Column, ...]:
    """Yes/no columns, each `header:subgroup:trait`, that share one spelling (`Y/N`)."""
    yes, no = spelling.split("/")
    return tuple(
        Column(header.replace("_", " "), subgroup, trait, f"yes={yes} no={no}", f"{yes}=yes {no}=no", "", blank_share)
        for header, subgroup, trait in (column.split(":") for column in columns.split())
    )


INVITED = """\
district: juniper_flats
name: Juniper Flats Community Schools
timezone: America/Boise
contacts: [data@juniper-flats.example]
schedule: "02:00"
roster: {source: sftp, path: inbox/roster}
subgroups:
  path: inbox/subgroups
  student_id_column: student_id
  matches: users.sourcedId
  columns:
    ell:  {subgroup: english_learner, values: {Y: yes, N: no}}
    sped: {subgroup: students_with_disabilities, values: {Y: yes, N: no}}
"""
"""The settings of a district that was invited and has not set itself up yet."""

PROFILES = (
    Profile(
        "maple_valley", "Maple Valley School District", "America/Chicago", "410220", 2_060,
        _schools("Maple Valley", "Sugarbush, Millrace, Larkspur", (0.58, 0.31, 0.22, 0.36, 0.32)),
        {"English": 86, "Spanish": 8, "Hmong": 2.5, "Somali": 1.5, "Arabic": 1, "Vietnamese": 1},
        "users.sourcedId", "4{:05d}", "student_id", "subgroups.csv",
        (
            Column("ell", "english_learner", "english_learner",
                   "current=Y former=N initially_fluent=N never=N", "Y=yes N=no"),
            *_flags("Y/N", "sped:students_with_disabilities:disability"),
            Column("title_i", "title_i", "title_i", "schoolwide=Y targeted=Y no=N", "Y=yes N=no"),
            Column("frl", "economically_disadvantaged", "lunch",
                   "free=Y reduced=Y paid=N", "Y=yes N=no", "sensitivity: nsla"),
            Column("home_lang", "home_language", "home_language", blank_share=0.01),
            *_flags("Y/N", "gifted:gifted:gifted homeless:homeless:homeless foster:foster_care:foster"),
        ),
    ),
    Profile(
        "cedar_falls_usd", "Cedar Falls Unified School District", "America/Los_Angeles", "1965", 2_010,
        _schools("Cedar Falls", "Alder Creek, Tidewater, Joaquin Mora", (0.44, 0.63, 0.71, 0.55, 0.49)),
        {"English": 62, "Spanish": 27, "Filipino": 3, "Mandarin": 3, "Punjabi": 2.5, "Vietnamese": 2.5},
        "users.identifier", "000{:06d}", "Student Number", "supplemental_students.csv",
        (
            Column("EL Status", "english_learner", "english_learner",
                   "current=EL former=RFEP initially_fluent=IFEP never=EO",
                   "EL=english_learner RFEP=reclassified IFEP=initially_fluent EO=english_only TBD=to_be_determined",
                   "", 0.01),
            *_flags("1/0", "SWD:students_with_disabilities:disability"),
            Column("Title-I", "title_i", "title_i", "schoolwide=1 targeted=1 no=0", "1=yes 0=no", "blank: no", 0.02),
            Column("SED", "economically_disadvantaged", "lunch",
                   "free=1 reduced=1 paid=0", "1=yes 0=no", "sensitivity: nsla"),
            Column("Home Language", "home_language", "home_language", blank_share=0.02),
            *_flags("1/0", "GATE:gifted:gifted Homeless:homeless:homeless Foster_Youth:foster_care:foster "
                   "Migrant:migrant:migrant"),
        ),
        is_zipped=False, is_dated=False,
    ),
    Profile(
        "pinon_mesa", "Pinon Mesa Public Schools", "America/Denver", "7031", 1_945,
        _schools("Pinon Mesa", "Arroyo Seco, Juniper Ridge, Red Butte", (0.66, 0.42, 0.57, 0.52, 0.47)),
        {"English": 71, "Spanish": 19, "Navajo": 7, "Tewa": 1.5, "Vietnamese": 1.5},
        "userIds:Local", "{:05d}", "StudentID", "PMPS_subgroups.csv",
        (
            Column("ELP Level", "english_learner", "level", "",
                   "1=level_1 2=level_2 3=level_3 4=level_4 5=level_5", "blank: no, label: English learner level"),
            *_flags("Yes/No", "IEP:students_with_disabilities:disability 504:section_504:section_504", 0.005),
            Column("Lunch", "economically_disadvantaged", "lunch",
                   "free=F reduced=R paid=P", "F=free R=reduced P=full_price", "sensitivity: nsla"),
            Column("Title I", "title_i", "title_i",
                   "schoolwide=SW targeted=TA no=No", "SW=schoolwide TA=targeted No=not_served"),
            Column("Home Language", "home_language", "home_language", blank_share=0.03),
            *_flags("Yes/No", "Gifted:gifted:gifted Military:military_connected:military "
                   "McKinney-Vento:homeless:homeless", 0.005),
        ),
        line_end="\n", is_untidy=True,
        pairs="[[english_learner, economically_disadvantaged], [english_learner, students_with_disabilities]]",
    ),
)  # fmt: skip
