"""The service beside the night: reports about the files in the districts' `check/` folders."""

import dagster as dg

from subgroup_pipeline.orchestration.resources import OWNERS, DistrictsResource, RegistryResource, WarehouseResource
from subgroup_pipeline.rehearsal.check_folder import answer_checks


@dg.asset(group_name="reports", owners=OWNERS, kinds={"sftp", "file"}, deps=["published_snapshot"])
def checked_files(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    registry: RegistryResource,
    districts: DistrictsResource,
) -> dg.MaterializeResult[None]:
    """Files that districts put into `check/`: each was judged as a delivery would be, and got a report; none was delivered."""
    checked = answer_checks(registry, warehouse.settings, districts.chosen())
    for district_id, fault in checked.faults.items():
        context.log.warning("%s: %s", district_id, fault)
    return dg.MaterializeResult(
        metadata={
            "reports": checked.reports,
            "would_be_refused": checked.refused,
            "left_for_later": checked.left,
            "districts_with_a_fault": len(checked.faults),
        }
    )
