"""Deliveries on hold as staff see them: why each waits, what approving it would change, and the decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.desk.uploads import ON_HOLD, Decision, Upload, as_upload, decisions_on
from subgroup_pipeline.districts.subgroup_settings import subgroup_in_words
from subgroup_pipeline.registry.ledger import live_delivery
from subgroup_pipeline.registry.schema import Delivery, District
from subgroup_pipeline.reports.words import without_backticks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.delivery_record import Count, GroupCount, Preview
    from subgroup_pipeline.registry.schema import FindingRow

PAGE = 25
OTHER_TEXTS = "other texts"
"""What the texts of a column are called together that the settings do not name."""


@dataclass(frozen=True)
class Reason:
    """One finding, in words."""

    code: str
    message: str
    how_to_fix: str


@dataclass(frozen=True)
class Hold:
    """A delivery with its district. `holding` are the findings that hold it, `others` what else is wrong with it."""

    district_id: str
    district_name: str
    upload: Upload
    holding: list[Reason]
    others: list[Reason]


@dataclass(frozen=True)
class HoldPage:
    """Deliveries on hold, the oldest first; pages count from 1."""

    holds: list[Hold]
    page: int
    pages: int
    total: int


@dataclass(frozen=True)
class Line:
    """A count before and after; `before` is None where nothing was live. Shares are of 1."""

    name: str
    before: int | None
    now: int
    share_before: float | None = None
    share_now: float | None = None

    @property
    def change(self) -> int | None:
        """How many more there would be."""
        return None if self.before is None else self.now - self.before


@dataclass(frozen=True)
class ShownPreview:
    """What approving would change, as tables: totals, schools, and the values of each subgroup, by the subgroup's name."""

    totals: list[Line]
    new_students: int | None
    gone_students: int | None
    schools: list[Line]
    changed: dict[str, list[Line]]
    unchanged: dict[str, list[Line]]
    uncounted: tuple[str, ...]


@dataclass(frozen=True)
class ShownHold:
    """A delivery with all that a decision needs. `live_at` is when the live delivery of the feed came.

    `is_outdated`: another delivery became live after the preview was counted.
    """

    hold: Hold
    preview: ShownPreview | None
    live_at: datetime | None
    is_outdated: bool
    decisions: list[Decision]

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a decision."""
        return self.hold.upload.short == ON_HOLD

    @property
    def waits_for_run(self) -> bool:
        """Whether it is accepted, and the next run publishes it."""
        return self.hold.upload.short.startswith("Accepted")


def list_holds(registry: Registry, district_id: str = "", page: int = 1) -> HoldPage:
    """A page of the deliveries on hold, of all districts or one; a page beyond the last gives the last."""
    held = [Delivery.state == "held", *([Delivery.district_id == district_id] if district_id else [])]
    query = sa.select(Delivery, District.name).join(District, District.district_id == Delivery.district_id).where(*held)
    with registry.begin() as session:
        total = session.scalar(sa.select(sa.func.count()).select_from(Delivery).where(*held)) or 0
        pages = max(1, -(-total // PAGE))
        page = min(max(page, 1), pages)
        ordered = query.order_by(Delivery.received_at, Delivery.delivery_id).limit(PAGE).offset((page - 1) * PAGE)
        return HoldPage([_hold(delivery, name) for delivery, name in session.execute(ordered)], page, pages, total)


def show_hold(registry: Registry, delivery_id: str) -> ShownHold | None:
    """A delivery that is on hold or was decided about; None when there is no such delivery."""
    with registry.begin() as session:
        delivery = session.get(Delivery, delivery_id)
        if delivery is None:
            return None
        name = session.get_one(District, delivery.district_id).name
        live = live_delivery(session, delivery.district_id, delivery.feed)  # type: ignore[arg-type]  # stored as text
    decisions = decisions_on(registry, delivery_id)
    if delivery.state != "held" and not decisions and delivery.verdict != "held":
        return None
    preview = delivery.record.preview
    return ShownHold(
        hold=_hold(delivery, name),
        preview=shown_preview(preview) if preview else None,
        live_at=live.received_at if live else None,
        is_outdated=bool(preview and live and live.delivery_id not in (preview.replaces, delivery_id)),
        decisions=decisions,
    )


def _hold(delivery: Delivery, name: str) -> Hold:
    return Hold(
        district_id=delivery.district_id,
        district_name=name,
        upload=as_upload(delivery),
        holding=[_reason(finding) for finding in delivery.findings if finding.severity == "hold"],
        others=[_reason(finding) for finding in delivery.findings if finding.severity in ("fatal", "error", "warning")],
    )


def _reason(finding: FindingRow) -> Reason:
    return Reason(finding.code, without_backticks(finding.message), without_backticks(finding.how_to_fix))


def shown_preview(preview: Preview) -> ShownPreview:
    """A preview as tables: subgroups in which a number changes, and those in which none does."""
    named: list[tuple[str, Count | None]] = [
        ("Active students", preview.students),
        ("Classes", preview.classes),
        ("Enrollments", preview.enrollments),
        ("Student IDs in the subgroup file", preview.student_ids),
    ]
    totals = [Line(name, count.before, count.now) for name, count in named if count is not None]
    if preview.matched and preview.student_ids:
        matched, ids = preview.matched, preview.student_ids
        share = _share(matched.before, ids.before) if matched.before is not None else None
        totals.append(Line("… that are students of the roster", matched.before, matched.now, share, _share(matched.now, ids.now)))
    groups: dict[str, list[GroupCount]] = {}
    for count in preview.groups:
        groups.setdefault(count.subgroup, []).append(count)
    tables = {subgroup_in_words(subgroup): _with_shares(counts) for subgroup, counts in groups.items()}
    unchanged = {name for name, lines in tables.items() if all(line.change == 0 for line in lines)}
    return ShownPreview(
        totals=totals,
        new_students=preview.new_students,
        gone_students=preview.gone_students,
        schools=[Line(school.name, school.before, school.now) for school in preview.schools],
        changed={name: lines for name, lines in tables.items() if name not in unchanged},
        unchanged={name: lines for name, lines in tables.items() if name in unchanged},
        uncounted=preview.uncounted_subgroups,
    )


def _with_shares(counts: Sequence[GroupCount]) -> list[Line]:
    """Every student has one value of a subgroup, so the values add up to all of them."""
    before, now = sum(one.before or 0 for one in counts), sum(one.now for one in counts)
    return [
        Line(
            OTHER_TEXTS if one.value is None else one.value,
            one.before,
            one.now,
            None if one.before is None else _share(one.before, before),
            _share(one.now, now),
        )
        for one in counts
    ]


def _share(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None
