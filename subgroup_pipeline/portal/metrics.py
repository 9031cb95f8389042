"""`/metrics` for Prometheus: the figures of the installation, read when they are asked for. For this machine only.

Labels are states, feeds, kinds of events and parts, of which there are few; no name of a district is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from subgroup_pipeline.desk.figures import Figures, figures
from subgroup_pipeline.portal.health import is_up
from subgroup_pipeline.portal.shield import require_local

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from starlette.requests import Request

    from subgroup_pipeline.portal.health import Parts
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

REGISTRY = "registry"
"""The part without which there are no figures but of the parts."""


def metrics_route(settings: Settings, registry: Registry, parts: Parts) -> Route:
    """The route that Prometheus scrapes."""

    async def metrics(request: Request) -> Response:
        require_local(request)
        states = await parts()
        families = [_family("part_up", "Whether a part answers, as in /healthz", "part", _up(states))]
        if is_up(states.get(REGISTRY, "up")):
            families += _families(await run_in_threadpool(figures, registry, settings))
        of_our_own = CollectorRegistry(auto_describe=False)
        of_our_own.register(_Read(families))
        return Response(generate_latest(of_our_own), headers={"content-type": CONTENT_TYPE_LATEST})

    return Route("/metrics", metrics)


class _Read(Collector):
    """Families that were read already, as prometheus_client takes them."""

    def __init__(self, families: Iterable[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._families


def _families(read: Figures) -> list[GaugeMetricFamily]:
    glance = read.glance
    held = sum(count for (state, _), count in read.deliveries.items() if state == "held")
    is_failed = glance.last_night.startswith("failed")
    return [
        _figure("districts", "Registered districts", glance.districts),
        _figure("districts_late", "Districts of which the last night missed a feed", glance.late),
        _figure("districts_with_a_fault", "Districts with a fault that is no delivery's", glance.faults),
        _deliveries("deliveries", "Deliveries that are live or open", read.deliveries),
        _deliveries("received_last_day", "Deliveries that came in the last 24 hours", read.received),
        _figure("held", "Deliveries that wait for a person", held),
        _moment("held_oldest_timestamp_seconds", "When the delivery came that waits for a person longest", read.oldest_held_at),
        _moment("last_night_end_timestamp_seconds", "When the last night ended", glance.last_night_at),
        _figure("last_night_failed", "Whether the last night failed", int(is_failed) if glance.last_night_at else None),
        _figure("last_night_seconds", "How long the last night took; absent when it failed", glance.last_night_seconds),
        _moment("snapshot_timestamp_seconds", "When the snapshot was made that readers see", read.snapshot_at),
        _figure("rolled_back", "Whether a rollback keeps readers where they are", int(glance.is_rolled_back)),
        _family("mail", "Mail on record", "state", read.mail),
        _moment("mail_oldest_queued_timestamp_seconds", "When the mail was queued that waits longest", read.oldest_queued_at),
        _family("refused_last_day", "Sign-ins and dead links that were refused in the last 24 hours", "kind", read.refused),
        _figure("disk_free_bytes", "Bytes that can still be written under the home", read.disk_free_bytes),
    ]


def _figure(name: str, meaning: str, value: float | None) -> GaugeMetricFamily:
    """One figure; without a value there is no sample, which Prometheus calls absent."""
    return GaugeMetricFamily(f"subgroups_{name}", meaning, value=value)


def _moment(name: str, meaning: str, at: datetime | None) -> GaugeMetricFamily:
    return _figure(name, meaning, at.timestamp() if at else None)


def _family(name: str, meaning: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"subgroups_{name}", meaning, labels=[label])
    for value in sorted(values):
        family.add_metric([value], values[value])
    return family


def _deliveries(name: str, meaning: str, counts: Mapping[tuple[str, str], int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"subgroups_{name}", meaning, labels=["state", "feed"])
    for (state, feed), count in sorted(counts.items()):
        family.add_metric([state, feed], count)
    return family


def _up(states: Mapping[str, str]) -> dict[str, float]:
    return {name: float(is_up(words)) for name, words in states.items()}
