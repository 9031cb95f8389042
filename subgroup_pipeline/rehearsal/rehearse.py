"""One rehearsal: a throw-away home with one district and its live deliveries, where the night's own code judges a file.

The warehouse of the installation is not opened: what is live is landed from the archive again, as `rebuild` does it. So a check
can run beside a night, and neither can see or stop the other.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.districts.roster_settings import Roster
from subgroup_pipeline.errors import SubgroupsError
from subgroup_pipeline.intake.fetch import register_arrival
from subgroup_pipeline.intake.sources.inbox import Inbox
from subgroup_pipeline.landing.land import land_deliveries
from subgroup_pipeline.logs import unlogged
from subgroup_pipeline.publish.manifest import current_manifest
from subgroup_pipeline.quality.judge import judge_deliveries
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.roster_files import roster_file
from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
from subgroup_pipeline.registry.ledger import FEEDS, describe_delivery, get_delivery, live_delivery
from subgroup_pipeline.rehearsal.excerpt import copy_district, empty_registry
from subgroup_pipeline.rehearsal.throwaway_home import link_archive, throwaway_home
from subgroup_pipeline.reports.assemble import build_reports
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.control_tables import JUDGE_AGAIN
from subgroup_pipeline.warehouse.rows import replace_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.intake.arrival import Arrival
    from subgroup_pipeline.intake.sources.file_server import FileServer
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.reports.report import Report
    from subgroup_pipeline.settings import Settings

NOT_CHECKED = ("whether the file is another district's: a check sees the rows of this district only; the night looks at all",)
"""What a night looks at and a rehearsal does not: no district is told that another one knows these students."""
_OUTCOMES = {
    "accepted": "It would be accepted.",
    "accepted_with_rows_set_aside": "It would be accepted; some rows would be set aside.",
    "held": "It would be held: a person would look at it before it is used. The reports would stay as they are.",
    "rejected": "It would be rejected. The reports would stay as they are.",
}
_WAITS = {
    "subgroups": "It would wait for a roster: none has been accepted yet.",
    "roster": "It would wait until a person decides about an earlier changes-only roster.",
}
"""Seconds after which what a killed rehearsal left is removed."""


class NotTakenError(SubgroupsError):
    """The pipeline would not take the file as it stands, so there is nothing to say about its content."""


@dataclass(frozen=True)
class Rehearsal:
    """What would happen: `delivery` is described as `delivery show --json` does it; it has no id, for it does not exist.

    `seen_before` is the id of the feed's latest delivery when that had the same content: a night would do nothing then.
    """

    district_id: str
    feed: Feed
    delivery: dict[str, Any]
    report: Report
    seen_before: str | None = None

    @property
    def verdict(self) -> str | None:
        """The verdict; None for a file that would wait."""
        verdict: str | None = self.delivery["verdict"]
        return verdict

    @property
    def would_be_used(self) -> bool:
        """Whether nothing stands against it."""
        return self.verdict not in ("held", "rejected")

    @property
    def outcome(self) -> str:
        """What a night would do, in words."""
        words = _OUTCOMES[self.verdict] if self.verdict else _WAITS[self.feed]
        again = f" The same content came before, as {self.seen_before}: uploading it again would change nothing."
        return words + (again if self.seen_before else "")

    def described(self) -> dict[str, Any]:
        """As JSON: the delivery, and what only a check has to say."""
        check = {"outcome": self.outcome, "seen_before": self.seen_before, "not_checked": list(NOT_CHECKED)}
        return {**self.delivery, "check": check}


def guess_feed(names: Iterable[str], district: RegisteredDistrict) -> Feed:
    """The feed that files of these names belong to: a zip or OneRoster's names are a roster, anything else is subgroups."""
    if not district.settings.has_subgroup_file or any(name.casefold().endswith(".zip") or is_roster_csv(name) for name in names):
        return "roster"
    return "subgroups"


def is_roster_csv(name: str) -> bool:
    """Whether OneRoster has a file of this name."""
    return roster_file(name) is not None


def rehearse(registry: Registry, settings: Settings, district: RegisteredDistrict, feed: Feed, offered: FileServer) -> Rehearsal:
    """Take, land and judge the offered files as the next night would, in a home that is removed afterwards.

    Nothing of the installation changes. Raises NotTakenError when the files make no delivery.
    """
    with unlogged(), throwaway_home(settings) as own, _open(own) as copy:
        uploads = copy_district(registry, copy, district)
        link_archive(settings, own, ((district.district_id, sha256) for sha256 in uploads))
        arrivals = [arrival for arrival in _take(copy, own, district, offered) if arrival.feed == feed]
        if len(arrivals) != 1:
            raise NotTakenError(
                f"{len(arrivals)} deliveries would come of this. Give one zip, the loose CSV files of one roster, or one "
                "subgroup file, under a name that no client uses for unfinished files (.part, .tmp, a leading dot)."
            )
        with copy.begin() as session:
            delivery, is_new = register_arrival(session, district.district_id, arrivals[0])
        _judge(copy, own, district)
        with copy.begin() as session:
            judged = get_delivery(session, delivery.delivery_id)
            described = describe_delivery(judged)
        (report,) = build_reports(copy, own, {district.district_id: district}, [judged], manifest=current_manifest(settings))
    seen_before = None if is_new else delivery.delivery_id
    described |= {"delivery_id": None, "seen_again_at": None, "seen_again_count": 0}
    return Rehearsal(district.district_id, feed, described, report, seen_before)


def _take(registry: Registry, settings: Settings, district: RegisteredDistrict, offered: FileServer) -> list[Arrival]:
    with ReadingPool(settings.threads) as readers:
        zips = UnpackedZips(settings.paths.scratch, readers)
        own = district.settings
        if own.roster.is_fetched:  # its roster can be checked as files all the same
            own = own.model_copy(update={"roster": Roster()})
        return Inbox(registry, settings, offered, own, zips).take().arrivals


def _judge(registry: Registry, settings: Settings, district: RegisteredDistrict) -> None:
    """Land and judge, without judging again what is live and was judged under the settings of today."""
    with registry.begin() as session:
        live = [live_delivery(session, district.district_id, feed) for feed in FEEDS]
        current = [d.delivery_id for d in live if d is not None and d.settings_version == district.version]
    with open_warehouse(settings) as connection:
        land_deliveries(connection, registry, settings, [district])
        replace_ids(connection, JUDGE_AGAIN, current, [])
    judge_deliveries(registry, settings, [district], run_name="")


@contextmanager
def _open(settings: Settings) -> Iterator[Registry]:
    settings.paths.make()
    registry = empty_registry(settings)
    try:
        yield registry
    finally:
        registry.close()
