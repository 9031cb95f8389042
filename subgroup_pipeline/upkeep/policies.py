"""The table of what leaves when: each place, what it holds, how long that stays, and what keeps it longer.

A copy of student data without a line here would stay for ever. What has to go at once for a run to be right stays with the
module that owns it (a half-written file of the same name, rows of a delivery that is landed again); here is what goes by its age.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.settings import REPORTS_KEPT
from subgroup_pipeline.upkeep import places, rows, sealing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from subgroup_pipeline.settings import Settings
    from subgroup_pipeline.upkeep.leaving import Leaving
    from subgroup_pipeline.upkeep.places import Installation

_REPORTS = f"{REPORTS_KEPT.days} days"
_ABANDONED = f"{places.ABANDONED.seconds // 3600} hour without a change"
_DAYS = "{settings.retention_days} days (SUBGROUPS_RETENTION_DAYS)"
_OVER = f"{rows.OVER_KEPT.days} days after it is over"
_SNAPSHOTS = "the newest {settings.keep_snapshots} (SUBGROUPS_KEEP_SNAPSHOTS)"


@dataclass(frozen=True)
class Policy:
    """One line of the table. `past` finds what is past its time, and changes nothing."""

    name: str
    place: str
    holds: str
    kept: str
    longer: str
    past: Callable[[Installation], Iterable[Leaving]]

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
    ),
    Policy(
        "plain_archive",
        "archive/??/",
        "uploaded files that a release before kept without sealing them",
        "until the next night, which seals them",
        "",
        sealing.plain_files,
    ),
    Policy(
        "raw_rows",
        "warehouse/raw.duckdb",
        "rows of deliveries, as text",
        "until the delivery is superseded or rejected",
        "being live, held or not judged yet",
        rows.raw_rows,
    ),
    Policy(
        "history",
        "history/history.duckdb",
        "what students were at every build, and counts by month",
        "as long as the district is registered",
        "",
        rows.history_of_nobody,
    ),
    Policy(
        "releases",
        "releases/releases.duckdb",
        "counts of the last two releases, with those that they hide",
        "until the release after the next one, and as long as the district is registered",
        "",
        rows.releases_of_nobody,
    ),
    Policy(
        "snapshots",
        "published/",
        "what readers see, and what they saw before",
        _SNAPSHOTS,
        "being the one that readers see, as a rollback makes it",
        places.snapshots,
    ),
    Policy(
        "failing_rows",
        "failing_rows/",
        "lines, the district's own IDs and unknown words behind findings",
        _REPORTS,
        "",
        places.failing_rows,
    ),
    Policy("reports", "reports/", "error reports, as they went out", _REPORTS, "", places.reports),
    Policy(
        "outboxes",
        "sftp/*/outbox/",
        "error reports where districts fetch them",
        _REPORTS,
        "",
        places.outboxes,
    ),
    Policy(
        "check_reports",
        "sftp/*/outbox/checks/",
        "answers to files in `check/`",
        _REPORTS,
        "",
        places.check_reports,
    ),
    Policy("scratch", "scratch/", "what a killed run unpacked", _ABANDONED, "", places.scratch),
    Policy("rehearsals", "rehearsals/", "what a killed `subgroups check` left", _ABANDONED, "", places.rehearsals),
    Policy(
        "half_written",
        "*.part, *.building, *.new, *.compacting",
        "files that a killed process did not finish",
        _ABANDONED,
        "",
        places.half_written,
    ),
    Policy(
        "damaged",
        "*.damaged, registry.sqlite.damaged-*",
        "damaged files that were set aside",
        f"{_DAYS}; of the warehouse, until it is made anew",
        "",
        places.damaged,
    ),
    Policy(
        "validations",
        "gx/validations/",
        "results of the checks, in counts",
        f"{_SNAPSHOTS} of each suite",
        "",
        places.validations,
    ),
    Policy("logs", "logs/", "rotated logs: ids, counts and codes", _REPORTS, "being written", places.logs),
    Policy(
        "run_history",
        "dagster/",
        "runs and their events: ids, counts and codes",
        _REPORTS,
        "not being finished",
        rows.past_runs,
    ),
    Policy("mail", "registry", "what was written to districts and to staff", _REPORTS, "", rows.old_mail),
    Policy("invitations", "registry", "hashes of set-up links", _OVER, "being live", rows.past_invitations),
    Policy("sign_in_links", "registry", "hashes of links to sign in", _OVER, "being live", rows.past_sign_in_links),
    Policy("sign_ins", "registry", "who was signed in, from where", _OVER, "being signed in", rows.past_sign_ins),
)
