"""The table of what leaves when: each place, what it holds, how long that stays, and what keeps it longer.

A copy of student data without a line here would stay for ever. What has to go at once for a run to be right stays with the
module that owns it (a half-written file of the same name, rows of a delivery that is landed again); here is what goes by its age.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.settings import REPORTS_KEPT
from subgroup_pipeline.upkeep import of_district, places, rows, sealing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from subgroup_pipeline.settings import Settings
    from subgroup_pipeline.upkeep.leaving import Leaving
    from subgroup_pipeline.upkeep.places import Installation

_REPORTS = f"{REPORTS_KEPT.days} days"
_ABANDONED = f"{places.ABANDONED.seconds // 3600} hour without a change"
_DAYS = "{settings.retention_days} days (SUBGROUPS_RETENTION_DAYS)"
_OVER = f"{rows.OVER_KEPT.days} days after it is over"
_REGISTERED = "as long as the district is registered"
_SNAPSHOTS = "the newest {settings.keep_snapshots} (SUBGROUPS_KEEP_SNAPSHOTS)"


@dataclass(frozen=True)
class Policy:
    """One line of the table. `past` finds what is past its time, `of_district` all of one district; neither changes anything."""

    name: str
    place: str
    holds: str
    kept: str
    longer: str
    past: Callable[[Installation], Iterable[Leaving]]
    of_district: Callable[[Installation, str], Iterable[Leaving]]

    def kept_under(self, settings: Settings) -> str:
        """How long it is kept, with the value of the setting."""
        return self.kept.format(settings=settings)


POLICIES = (
    Policy(
        "archive",
        "archive/",
        "uploaded files as they came, sealed with their district's key; also those that no delivery names",
        _DAYS,
        "a delivery that is live or waits, and the rosters that its changes were applied to",
        places.archived,
        of_district.archived,
    ),
    Policy(
        "plain_archive",
        "archive/??/",
        "uploaded files that a release before kept without sealing them",
        "until the next night, which seals them",
        "",
        sealing.plain_files,
        of_district.nothing,
    ),
    Policy(
        "raw_rows",
        "warehouse/raw.duckdb",
        "rows of deliveries, as text",
        "until the delivery is superseded or rejected",
        "being live, held or not judged yet",
        rows.raw_rows,
        of_district.raw_rows,
    ),
    Policy(
        "history",
        "history/history.duckdb",
        "what students were at every build, and counts by month",
        _REGISTERED,
        "",
        rows.history_of_nobody,
        of_district.history,
    ),
    Policy(
        "releases",
        "releases/releases.duckdb",
        "counts of the last two releases, with those that they hide",
        "until the release after the next one, and as long as the district is registered",
        "",
        rows.releases_of_nobody,
        of_district.releases,
    ),
    Policy(
        "snapshots",
        "published/",
        "what readers see, and what they saw before",
        _SNAPSHOTS,
        "being the one that readers see, as a rollback makes it",
        places.snapshots,
        of_district.snapshots,
    ),
    Policy(
        "noticeboard",
        "noticeboard/",
        "released counts, with small groups hidden, for everybody who may see them",
        "until another snapshot is shown",
        "",
        places.posted,
        of_district.nothing,  # it goes with its part of the snapshot that is shown
    ),
    Policy(
        "failing_rows",
        "failing_rows/",
        "lines, the district's own IDs and unknown words behind findings",
        _REPORTS,
        "",
        places.failing_rows,
        of_district.failing_rows,
    ),
    Policy("reports", "reports/", "error reports, as they went out", _REPORTS, "", places.reports, of_district.reports),
    Policy(
        "outboxes",
        "sftp/*/outbox/",
        "error reports where districts fetch them",
        _REPORTS,
        "",
        places.outboxes,
        of_district.nothing,
    ),
    Policy(
        "check_reports",
        "sftp/*/outbox/checks/",
        "answers to files in `check/`",
        _REPORTS,
        "",
        places.check_reports,
        of_district.nothing,
    ),
    Policy("scratch", "scratch/", "what a killed run unpacked", _ABANDONED, "", places.scratch, of_district.scratch),
    Policy(
        "rehearsals",
        "rehearsals/",
        "what a killed `subgroups check` left",
        _ABANDONED,
        "",
        places.rehearsals,
        of_district.rehearsals,
    ),
    Policy(
        "half_written",
        "*.part, *.building, *.new, *.compacting",
        "files that a killed process did not finish",
        _ABANDONED,
        "",
        places.half_written,
        of_district.half_written,
    ),
    Policy(
        "damaged",
        "*.damaged, registry.sqlite.damaged-*",
        "damaged files that were set aside",
        f"{_DAYS}; of the warehouse, until it is made anew",
        "",
        places.damaged,
        of_district.damaged,
    ),
    Policy(
        "validations",
        "gx/validations/",
        "results of the checks, in counts",
        f"{_SNAPSHOTS} of each suite",
        "",
        places.validations,
        of_district.validations,
    ),
    Policy("logs", "logs/", "rotated logs: ids, counts and codes", _REPORTS, "being written", places.logs, of_district.nothing),
    Policy(
        "run_history",
        "dagster/",
        "runs and their events: ids, counts and codes",
        _REPORTS,
        "not being finished",
        rows.past_runs,
        of_district.partitions,
    ),
    Policy("mail", "registry", "what was written to districts and to staff", _REPORTS, "", rows.old_mail, of_district.nothing),
    Policy("invitations", "registry", "hashes of set-up links", _OVER, "being live", rows.past_invitations, of_district.nothing),
    Policy(
        "sign_in_links",
        "registry",
        "hashes of links to sign in",
        _OVER,
        "being live",
        rows.past_sign_in_links,
        of_district.nothing,
    ),
    Policy(
        "sign_ins", "registry", "who was signed in, from where", _OVER, "being signed in", rows.past_sign_ins, of_district.nothing
    ),
    Policy(
        "built_rows",
        "warehouse/analytics.duckdb",
        "the marts as they were built last",
        _REGISTERED,
        "",
        rows.nothing,
        of_district.built_rows,
    ),
    Policy(
        "accounts",
        "sftp/*/",
        "uploads until a run takes them, and the outbox",
        _REGISTERED,
        "",
        rows.nothing,
        of_district.account,
    ),
    Policy("dbt", "dbt/", "compiled SQL: no rows", "until the next run", "", rows.nothing, of_district.dbt_files),
    Policy(
        "keys",
        "keys/districts/",
        "the key of each district that its archive and its secrets are sealed with",
        _REGISTERED,
        "",
        rows.nothing,
        of_district.key,
    ),
    Policy(
        "registered",
        "registry",
        "settings, keys and people of districts, deliveries, findings, builds: no student's row",
        _REGISTERED,
        "",
        rows.nothing,
        of_district.registered,
    ),
)
