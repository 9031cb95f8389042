"""What a source is: whatever the deliveries of one district come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

from subgroup_pipeline.errors import IntakeError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from subgroup_pipeline.findings.finding import Finding
    from subgroup_pipeline.intake.arrival import Arrival
    from subgroup_pipeline.intake.sources.sight import Sight
    from subgroup_pipeline.registry.ledger import Feed


class SourceError(IntakeError):
    """A fault of a source or of the way to it; `code` is its finding. Where it `needs_person`, no other try mends it."""

    code: ClassVar[str]
    needs_person: ClassVar[bool] = False


@dataclass
class Taken:
    """What one look at a source gave: deliveries, and by feed the names of files that are not complete yet."""

    arrivals: list[Arrival] = field(default_factory=list)
    waiting: dict[Feed, list[str]] = field(default_factory=dict)
    partial: list[Finding] = field(default_factory=list)


class Source(Protocol):
    """What `fetch` asks of a district's source, in this order. Everything but `note_taken` may raise a SourceError."""

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """The feeds that come from here; a district may have several sources."""

    def take(self) -> Taken:
        """Archive everything that is complete."""

    def note_taken(self, session: Session, arrival: Arrival) -> None:
        """Remember, in the transaction that enters an arrival in the ledger, that it was taken as it stood."""

    def clear(self, arrival: Arrival) -> None:
        """Remove what the ledger has now from where it lay, as far as that is ours to remove."""

    def observe(self) -> list[Sight]:
        """Note how everything stands now, and give what is ready to be taken or checked. Nothing is fetched."""
