"""The error reports of a night, after what it published, and the mail that tells of them."""

from datetime import UTC, datetime

import dagster as dg

from subgroup_pipeline.notify.verdicts import queue_verdicts_or_log
from subgroup_pipeline.orchestration.resources import OWNERS, DistrictsResource, RegistryResource, WarehouseResource
from subgroup_pipeline.reports.outbox import deliver_reports


@dg.asset(group_name="reports", owners=OWNERS, kinds={"file", "sftp"}, deps=["published_snapshot"])
def error_reports(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    registry: RegistryResource,
    districts: DistrictsResource,
) -> dg.MaterializeResult[None]:
    """The report of every delivery that changed, in four forms in the district's outbox, and mail; what failed waits a night."""
    delivered = deliver_reports(registry, warehouse.settings, districts.chosen())
    mails = queue_verdicts_or_log(registry, warehouse.settings, datetime.now(UTC))
    for district_id, fault in delivered.faults.items():
        context.log.warning("%s: %s", district_id, fault)
    return dg.MaterializeResult(
        metadata={
            "reports": delivered.reports,
            "mails_queued": mails,
            "districts": len(delivered.districts),
            "servers_with_a_fault": len(delivered.faults),
            "kept_in": dg.MetadataValue.path(str(warehouse.settings.paths.reports)),
        }
    )
