"""Grand Bend ISD: the settings and subgroup file that we gave it, and what readers must see of its eight students."""

from __future__ import annotations

from datetime import date

YAML = """\
district: {district}
name: Grand Bend ISD
timezone: America/Chicago
as_of: {as_of}
contacts: [data@grandbend.example]
schedule: "02:00"
roster: {{source: sftp, path: inbox/roster}}
subgroups:
  sources: [file]
  path: inbox/subgroups
  files: "*.csv"
  student_id_column: student_id
  matches: userIds:Local
  columns:
    ell:       {{subgroup: english_learner, values: {{y: yes, n: no}}}}
    sped:      {{subgroup: students_with_disabilities, values: {{y: yes, n: no}}}}
    title_i:   {{subgroup: title_i, values: {{1: yes, 0: no}}, blank: no}}
    home_lang: {{subgroup: home_language, open: true}}
privacy: {{minimum_count: 10}}
guards: {{removed_students: 0.10, match_rate: 0.95, first_delivery: accept}}
publish_when: tolerant
"""


SUBGROUP_FILE = """\
student_id,ell,sped,title_i,home_lang
863,Y,n,1,Spanish
874,n,N,0,English
918,y,,1,Spanish
927,N,maybe,,spanish
938,,y,0,
969,n,n,1, English\x20
015,Y,Y,0,Vietnamese
"""
"""Olivia Hardy (974) is absent; 927 has a value that is not set up; 938 and 918 have blanks."""


AS_OF = {
    "grand_bend": date(2020, 10, 1),
    "gb_first_day": date(2020, 8, 17),
    "gb_last_of_fall": date(2020, 12, 17),
    "gb_fall_is_over": date(2020, 12, 18),
    "gb_spring_begins": date(2021, 1, 4),
    "gb_year_is_over": date(2021, 5, 28),
}


ENROLLED = {key for key in AS_OF if key not in ("gb_fall_is_over", "gb_year_is_over")}
HIGH, ENGLISH, ALGEBRA = "255901001", "ENG-1", "03100500"
ENGLISH_CLASS, ALGEBRA_CLASS = "25590100101Trad120ENG112011", "25590100102Trad220ALG112011"
IN_ENGLISH = {"604863", "604874", "604969", "604974", "605015"}
IN_ALGEBRA = {"604863", "604874", "604918", "604927", "604938"}


Counts = dict[tuple[str, str], int]
EVERYBODY: Counts = {
    ("all_students", "all"): 8,
    ("english_learner", "yes"): 3,
    ("english_learner", "no"): 3,
    ("english_learner", "not_reported"): 2,
    ("students_with_disabilities", "yes"): 2,
    ("students_with_disabilities", "no"): 3,
    ("students_with_disabilities", "not_reported"): 3,
    ("title_i", "yes"): 3,
    ("title_i", "no"): 4,
    ("title_i", "not_reported"): 1,
    ("home_language", "Spanish"): 2,
    ("home_language", "English"): 2,
    ("home_language", "spanish"): 1,
    ("home_language", "Vietnamese"): 1,
    ("home_language", "not_reported"): 2,
}


COURSES: dict[str, Counts] = {
    ENGLISH: {
        ("all_students", "all"): 5,
        ("english_learner", "yes"): 2,
        ("english_learner", "no"): 2,
        ("english_learner", "not_reported"): 1,
        ("students_with_disabilities", "yes"): 1,
        ("students_with_disabilities", "no"): 3,
        ("students_with_disabilities", "not_reported"): 1,
        ("title_i", "yes"): 2,
        ("title_i", "no"): 2,
        ("title_i", "not_reported"): 1,
        ("home_language", "Spanish"): 1,
        ("home_language", "English"): 2,
        ("home_language", "Vietnamese"): 1,
        ("home_language", "not_reported"): 1,
    },
    ALGEBRA: {
        ("all_students", "all"): 5,
        ("english_learner", "yes"): 2,
        ("english_learner", "no"): 2,
        ("english_learner", "not_reported"): 1,
        ("students_with_disabilities", "yes"): 1,
        ("students_with_disabilities", "no"): 2,
        ("students_with_disabilities", "not_reported"): 2,
        ("title_i", "yes"): 2,
        ("title_i", "no"): 3,
        ("home_language", "Spanish"): 2,
        ("home_language", "English"): 1,
        ("home_language", "spanish"): 1,
        ("home_language", "not_reported"): 1,
    },
}


TITLES = {ENGLISH: ("English I", "ENG-1"), ALGEBRA: ("Algebra I", "ALG-1")}
NOT = "not_reported"
VALUES = {  # student: english_learner, students_with_disabilities, title_i, home_language
    "604863": ("yes", "no", "yes", "Spanish"),
    "604874": ("no", "no", "no", "English"),
    "604918": ("yes", NOT, "yes", "Spanish"),
    "604927": ("no", NOT, "no", "spanish"),
    "604938": (NOT, "yes", "no", NOT),
    "604969": ("no", "no", "yes", "English"),
    "604974": (NOT, NOT, NOT, NOT),
    "605015": ("yes", "yes", "no", "Vietnamese"),
}


RAW_VALUES: dict[str, tuple[str | None, ...]] = {
    "604863": ("Y", "n", "1", "Spanish"),
    "604874": ("n", "N", "0", "English"),
    "604918": ("y", None, "1", "Spanish"),
    "604927": ("N", "maybe", None, "spanish"),
    "604938": (None, "y", "0", None),
    "604969": ("n", "n", "1", "English"),
    "604974": (None, None, None, None),
    "605015": ("Y", "Y", "0", "Vietnamese"),
}


SUBGROUPS = ("english_learner", "students_with_disabilities", "title_i", "home_language")
PEOPLE = {
    "604863": ("863", "Mary", "Archer"),
    "604874": ("874", "Kyle", "Hughes"),
    "604918": ("918", "Peter", "Nash"),
    "604927": ("927", "Larry", "Mahoney"),
    "604938": ("938", "Roland", "Phillips"),
    "604969": ("969", "Stephen", "Caldwell"),
    "604974": ("974", "Olivia", "Hardy"),
    "605015": ("015", "Micheal", "Turner"),
}
