"""`district_delivery`: what every district's last delivery came to, partitioned by district.

An external asset: nothing materializes it, the night reports to it, and only for districts that delivered (an event costs
about 10 ms, so a step a district would cost minutes at state size).
"""

import warnings
from collections.abc import Iterable
from pathlib import Path

import dagster as dg
from sqlalchemy.orm import Session

from subgroup_pipeline.orchestration.resources import OWNERS, Night
from subgroup_pipeline.registry.ledger import FEEDS, describe_delivery, latest_delivery, rows_set_aside
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.reports.outbox import report_path
from subgroup_pipeline.settings import Settings

# Partitioned checks are what this asset is for (one verdict a district); the pinned version keeps them.
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

KEY = dg.AssetKey("district_delivery")
DISTRICTS = dg.DynamicPartitionsDefinition(name="district")

district_delivery = dg.AssetSpec(
    KEY,
    description="The last delivery of each district (one partition a district): its feed, state, verdict and row counts. "
    "Reported by the night for districts that delivered.",
    group_name="intake",
    owners=OWNERS,
    kinds={"sftp", "csv"},
    partitions_def=DISTRICTS,
)


def report_deliveries(context: dg.AssetExecutionContext, night: Night, deliveries: Iterable[Delivery]) -> None:
    """Report deliveries that came to a verdict: a materialization and an evaluation of `verdict` in their partition."""
    deliveries = list(deliveries)
    new = {delivery.district_id for delivery in deliveries} - set(context.instance.get_dynamic_partitions("district"))
    context.instance.add_dynamic_partitions("district", sorted(new))
    with night.registry.begin() as session:
        good = {district_id: _all_good(session, district_id) for district_id in {d.district_id for d in deliveries}}
    for delivery in deliveries:
        report = report_path(night.settings.paths, delivery, "html")
        metadata = {**_metadata(delivery, report), "data_docs": data_docs(night.settings)}
        context.log_event(dg.AssetMaterialization(KEY, partition=delivery.district_id, metadata=metadata))
        context.log_event(
            dg.AssetCheckEvaluation(
                asset_key=KEY,
                check_name="verdict",
                passed=good[delivery.district_id],
                severity=dg.AssetCheckSeverity.ERROR,
                metadata=metadata,
                partition=delivery.district_id,
            )
        )


def data_docs(settings: Settings) -> dg.PathMetadataValue:
    """The pages of Great Expectations: names of checks and totals of the last runs."""
    return dg.MetadataValue.path(str(settings.paths.gx / "data_docs" / "index.html"))


@dg.asset_check(
    asset=KEY,
    name="verdict",
    partitions_def=DISTRICTS,
    description="The newest delivery of each feed was accepted. When it fails: `subgroups delivery show` says what to do.",
)
def verdict(context: dg.AssetCheckExecutionContext, night: Night) -> dg.AssetCheckResult:
    """Look the verdict up again, for a person who asks in the UI; the night reports it by itself."""
    with night.registry.begin() as session:
        latest = [latest_delivery(session, context.partition_key, feed) for feed in FEEDS]
        passed = _all_good(session, context.partition_key)
    deliveries = [delivery for delivery in latest if delivery is not None]
    return dg.AssetCheckResult(
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={delivery.feed: delivery.verdict or delivery.state for delivery in deliveries},
    )


def _all_good(session: Session, district_id: str) -> bool:
    """Whether the newest delivery of every feed was accepted, or still waits: a held roster is not hidden by its subgroups."""
    latest = [latest_delivery(session, district_id, feed) for feed in FEEDS]
    return all(delivery.verdict not in ("held", "rejected") for delivery in latest if delivery is not None)


def _metadata(delivery: Delivery, report: Path) -> dict[str, dg.MetadataValue]:
    """Counts, codes and words of the ledger; never a value from a student's row."""
    described = describe_delivery(delivery)
    codes = sorted({finding["code"] for finding in described["findings"] if finding["severity"] != "info"})
    files = delivery.counts.get("files", {}).values()
    return {
        "delivery_id": dg.MetadataValue.text(delivery.delivery_id),
        "feed": dg.MetadataValue.text(delivery.feed),
        "state": dg.MetadataValue.text(delivery.state),
        "verdict": dg.MetadataValue.text(delivery.verdict or "waiting"),
        "findings": dg.MetadataValue.text(", ".join(codes) or "none"),
        "dagster/row_count": dg.MetadataValue.int(sum(file.get("landed", 0) for file in files)),
        "report": dg.MetadataValue.path(str(report)),
        "rows_set_aside": dg.MetadataValue.int(rows_set_aside(delivery)),
    }
