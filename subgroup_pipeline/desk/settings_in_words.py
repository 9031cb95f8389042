"""A district's settings in words: what each is, what it is set to, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.columns_in_words import match_field_in_words
from subgroup_pipeline.districts.limits import share_in_words
from subgroup_pipeline.districts.report_settings import PAIRED_BY_DEFAULT
from subgroup_pipeline.districts.subgroup_settings import in_words
from subgroup_pipeline.local_time import day_words

if TYPE_CHECKING:
    from subgroup_pipeline.districts.district_file import DistrictSettings


@dataclass(frozen=True)
class Setting:
    """One setting."""

    what: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Section:
    """Settings of one subject."""

    title: str
    settings: list[Setting]


_GUARDS = {
    "removed_students": ("Students who are gone", "A roster waits when it lost more than this share of your students."),
    "removed_staff": ("Staff who are gone", "A roster waits when it lost more than this share of your teachers and staff."),
    "removed_classes": ("Classes that are gone", "A roster waits when it lost more than this share of your classes."),
    "removed_enrollments": ("Enrollments that are gone", "A roster waits when it lost more than this share of them."),
    "removed_from_a_school": ("Students gone from one school", "A roster waits when one school lost more than this share."),
    "changed": ("Records that changed", "A roster waits when more than this share of its records are not as before."),
    "growth": ("Growth", "A roster waits when students, staff, classes or enrollments grew by more than this share."),
    "new_ids": ("Students with new IDs", "A roster waits when more than this share have new IDs and the same names."),
    "set_aside_hold": ("Rows left out, to wait", "A roster waits when more than this share of a file's rows cannot be used."),
    "set_aside_reject": ("Rows left out, not used", "A roster is not used when more than this share cannot be used."),
    "match_rate": ("IDs found in the roster", "A subgroup file waits when less than this share of its IDs are found."),
    "subgroup_match_warning": ("IDs found, to tell you", "Below this share the error report says so."),
    "subgroup_absent_students": ("Students not in the file", "A file waits when more than this share are not in it."),
    "subgroup_removed_students": ("Students gone from the file", "A file waits when more than this share left the file."),
    "subgroup_rows_held": ("Rows without a clear ID, to wait", "A file waits when more than this share have none."),
    "subgroup_rows_rejected": ("Rows without a clear ID, not used", "Above this share the file is not used."),
    "subgroup_padded_ids": ("IDs that lost their zeros", "Above this share of IDs without their first zeros a file is not used."),
    "subgroup_scientific_ids": ("IDs like 1.2E+11", "Above this share of IDs that a spreadsheet rounded a file is not used."),
    "subgroup_own_match": ("File of another district: match here", "Below this share we look whose file it is."),
    "subgroup_other_match": ("File of another district: match there", "At this share it is another district's; it is not used."),
    "subgroup_share_change": ("A subgroup that jumps", "A file waits when a value's share changed by more than this part."),
    "subgroup_blank_growth": ("Cells that became blank", "A file waits when more than this share of a column became blank."),
    "subgroup_open_share": ("Many different texts", "Above this share of different texts in a free column we tell you."),
}
"""Guards that are shares, as people call them and what they do."""
_WORDS_OF_GUARDS = (
    "Few records never count: a guard needs more than a handful of rows, or more than 20 students. What waits is looked at by a "
    "person, and the reports keep the last good data meanwhile."
)


def settings_in_words(settings: DistrictSettings) -> list[Section]:
    """Everything but the subgroup columns, which have a table of their own."""
    return [_district(settings), _files(settings), _publishing(settings), _reports(settings), _guards(settings)]


def _district(settings: DistrictSettings) -> Section:
    return Section(
        "Your district",
        [
            Setting("Name", settings.name, "How reports and pages call you."),
            Setting("Account", settings.district, "The name with which you sign in to upload."),
            Setting("Time zone", settings.timezone, "The clock of all times that you read."),
            Setting("Contacts", ", ".join(settings.contacts) or "none", "Who gets mail from us."),
            Setting(
                "Upload expected",
                f"by {settings.schedule} every night" if settings.schedule else "no hour is agreed",
                "Two hours after it, a file that did not come counts as late, and we tell you.",
            ),
        ],
    )


def _files(settings: DistrictSettings) -> Section:
    server, roster = settings.server, settings.roster
    place = f"your server {server.host}, port {server.port}" if server else "our SFTP server"
    found = [Setting("Where files are fetched", place, "You upload there; we read there.")] if settings.uploaded_feeds else []
    found.append(
        Setting("Roster server", str(roster.url), "We fetch the whole roster there every night; you upload none.")
        if roster.is_fetched
        else Setting("Folder of the roster", roster.path, "OneRoster 1.1 CSV: one zip, or loose files with manifest.csv.")
    )
    subgroups = settings.subgroups
    if subgroups is None:
        return Section("Files", [*found, Setting("Subgroups", "none", "The reports show all students together.")])
    words = {"file": "a subgroup file", "roster_metadata": "metadata columns of the roster", "demographics": "demographics.csv"}
    sources = ", then ".join(words[source] for source in subgroups.sources)
    found.append(Setting("Subgroups come from", sources, "The first place that says something of a student counts."))
    if subgroups.reads_file:
        found += [
            Setting("Folder of the subgroup file", subgroups.path, "One row for each student, one column for each subgroup."),
            Setting("Name of the subgroup file", subgroups.files, "* stands for anything. A file of another name is not used."),
            Setting("Column with the student's ID", subgroups.student_id_column, "Every row needs one."),
        ]
    found.append(Setting("The student's ID is", match_field_in_words(subgroups), "So rows find their student."))
    if subgroups.blank_words:
        found.append(Setting("Words for a blank cell", ", ".join(subgroups.blank_words), "They count as nothing."))
    return Section("Files", found)


def _publishing(settings: DistrictSettings) -> Section:
    counted = {
        "delivery": "the day on which the newest roster came",
        "roster": "the last day of the newest school year in the roster",
    }
    as_of = day_words(settings.as_of) if isinstance(settings.as_of, date) else counted[settings.as_of]
    clean = settings.publish_when == "clean"
    review = settings.guards.first_delivery == "review"
    return Section(
        "What is published",
        [
            Setting("Students are counted on", as_of, "Who is enrolled on that day is in the reports."),
            *_shared(settings),
            Setting(
                "Rows with a problem",
                "hold the whole upload" if clean else "are left out, the rest is used",
                "The error report lists them either way.",
            ),
            Setting(
                "First upload",
                "a person looks at it" if review else "is used at once",
                "The first roster and the first subgroup file show whether all is set up right.",
            ),
        ],
    )


def _shared(settings: DistrictSettings) -> list[Setting]:
    privacy = settings.privacy
    count_day = day_words(date(date.max.year, *privacy.counted_on)).partition(",")[0]
    rhythms = {"monthly": "once a month", "count_day": f"once a year, after {count_day}", "nightly": "every night"}
    return [
        Setting(
            "Smallest group that is shared",
            str(privacy.minimum_count),
            f"Rule: {privacy.rules.label}. Smaller groups are hidden in what is shared, with what would give them back.",
        ),
        Setting(
            "Groups of nobody",
            "are shown" if privacy.zero == "show" else "are hidden, and groups of everybody with them",
            "A zero tells something of everybody else.",
        ),
        Setting("Shared numbers are new", rhythms[privacy.release], "In between, the last ones stay as they are."),
        Setting(
            "Public page",
            "yes" if privacy.public_page else "no",
            f"Everybody can see the shared numbers at /p/{settings.district}." if privacy.public_page else "There is none.",
        ),
    ]


def _reports(settings: DistrictSettings) -> Section:
    reports = settings.reports
    bands = [f"{in_words(band)} from {floor:g}%" for band, floor in reports.bands.items()]
    names = {column.subgroup: column.shown_name for column in settings.subgroups.columns.values()} if settings.subgroups else {}
    pairs = [f"{names[one]} and {names[other]}" for one, other in reports.pairs or ()]
    default = f"all pairs of your first {PAIRED_BY_DEFAULT} subgroups" if reports.pairs is None else "none"
    return Section(
        "What reports show",
        [
            Setting("Performance bands", ", ".join(bands) or "none", "Students are counted by the band of their score."),
            Setting("Two subgroups together", "; ".join(pairs) or default, "Students who are in both are counted, too."),
            Setting(
                "Free and reduced-price meals",
                "shown student by student" if reports.nsla_student_level else "counted only",
                "Lists of students and pages about a student show who has them only if you allow it.",
            ),
        ],
    )


def _guards(settings: DistrictSettings) -> Section:
    guards = settings.guards
    shown = [Setting(what, share_in_words(getattr(guards, name)), meaning) for name, (what, meaning) in _GUARDS.items()]
    shown += [
        Setting(
            "A value that nobody has any more",
            f"{guards.subgroup_vanished_value} students",
            "A subgroup file waits when a value that more students than this had is gone.",
        ),
        Setting("Different texts in a free column", str(guards.subgroup_open_values), "With more, the error report says so."),
        Setting(
            "Subgroup file behind the roster",
            "1 day with an agreed hour, else 7" if guards.subgroup_lag_days is None else f"{guards.subgroup_lag_days} days",
            "When the subgroup file is older than that, we tell you.",
        ),
    ]
    only = {"additions": "may only add records", "nothing": "is always looked at by a person"}
    shown += [
        Setting("Season", f"{day_words(season.first_day)} to {day_words(season.last_day)}", f"A roster then {only[season.only]}.")
        for season in guards.seasons
    ]
    return Section("When a person looks at an upload", [Setting("In general", "", _WORDS_OF_GUARDS), *shown])
