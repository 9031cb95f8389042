"""The assets before the models: archived uploads, raw tables, verdicts with their checks, and the scope of the build."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args

import dagster as dg

from subgroup_pipeline.build.scope import set_scope
from subgroup_pipeline.desk.links import data_docs_url
from subgroup_pipeline.districts.lateness import note_late_feeds
from subgroup_pipeline.findings.catalogue import severity_of
from subgroup_pipeline.findings.severity import GRAVE
from subgroup_pipeline.intake.fetch import fetch_deliveries
from subgroup_pipeline.landing.land import land_deliveries
from subgroup_pipeline.orchestration.dbt_catalogue import COLUMNS
from subgroup_pipeline.orchestration.district_delivery import report_all_feeds, report_deliveries
from subgroup_pipeline.orchestration.resources import OWNERS, DistrictsResource, RegistryResource, WarehouseResource
from subgroup_pipeline.orchestration.what_ran import checks_of_what_ran
from subgroup_pipeline.past.read_again import read_past_again
from subgroup_pipeline.publish.manifest import published_build_keys
from subgroup_pipeline.publish.snapshot import mend_ledger
from subgroup_pipeline.quality.expectations import check_families
from subgroup_pipeline.quality.family_totals import family_totals
from subgroup_pipeline.quality.judge import judge_deliveries
from subgroup_pipeline.registry.asked_checks import note_started
from subgroup_pipeline.registry.ledger import Verdict, get_deliveries
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES


@dg.asset(group_name="intake", owners=OWNERS, kinds={"sftp", "file"})
def archived_deliveries(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    registry: RegistryResource,
    districts: DistrictsResource,
) -> dg.MaterializeResult[None]:
    """Uploads fetched from every district's SFTP inbox, proved complete and kept by sha256; one ledger row a delivery."""
    chosen = districts.chosen()
    mend_ledger(registry, warehouse.settings)
    began = datetime.now(UTC)
    fetched = fetch_deliveries(registry, warehouse.settings, chosen)
    arriving = {district_id for district_id, _ in fetched.waiting}
    note_started(registry, {district.district_id for district in chosen} - arriving, began)
    late = note_late_feeds(registry, chosen, datetime.now(UTC))
    with registry.begin() as session:
        new = get_deliveries(session, fetched.new)
    report_deliveries(context, districts, [delivery for delivery in new if delivery.state == "rejected"])
    for district_id, fault in fetched.faults.items():
        context.log.warning("%s: %s", district_id, fault)
    return dg.MaterializeResult(
        metadata={
            "districts": fetched.districts,
            "new_deliveries": len(fetched.new),
            "seen_again": fetched.seen_again,
            "waiting_for_proof": len(fetched.waiting),
            "servers_with_a_fault": len(fetched.faults),
            "districts_late": len(late),
            "bytes": fetched.bytes,
        }
    )


def _raw_spec(name: str) -> dg.AssetSpec:
    what = RAW_TABLES[name].file_name or "the districts' subgroup files"
    return dg.AssetSpec(
        ["raw", name],
        deps=[archived_deliveries],
        description=f"Rows of {what}, all text, with district, delivery and file; live deliveries and those that wait.",
        group_name="landing",
        owners=OWNERS,
        kinds={"duckdb", "csv"},
        metadata={COLUMNS: _raw_columns(name)},
    )


def _raw_columns(name: str) -> dg.TableSchema:
    columns = RAW_TABLES[name].columns.items()
    return dg.TableSchema([dg.TableColumn(column, said.type, said.meaning) for column, said in columns])


@dg.multi_asset(specs=[_raw_spec(name) for name in RAW_TABLES])
def raw_tables(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    registry: RegistryResource,
    districts: DistrictsResource,
) -> Iterator[dg.MaterializeResult[None]]:
    """Screen what was archived and load it, files of one shape in one statement."""
    with warehouse.open() as connection:
        landed = land_deliveries(connection, registry, warehouse.settings, districts.chosen())
        totals = {
            table: connection.execute(f"select count(*), count(distinct district_id) from raw.{table}").fetchone() or (0, 0)
            for table in RAW_TABLES
        }
    with registry.begin() as session:
        rejected = get_deliveries(session, landed.rejected)
    report_deliveries(context, districts, rejected)
    context.log.info("%d deliveries landed, %d rejected", len(landed.pending), len(landed.rejected))
    for table, (rows, owners) in totals.items():
        yield dg.MaterializeResult(
            asset_key=["raw", table],
            metadata={"dagster/row_count": rows, "rows_in": landed.rows.get(table, 0), "districts": owners},
        )


@dg.asset(group_name="quality", owners=OWNERS, kinds={"greatexpectations"}, deps=[["raw", name] for name in RAW_TABLES])
def delivery_verdict(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    registry: RegistryResource,
    districts: DistrictsResource,
) -> dg.MaterializeResult[None]:
    """One verdict a delivery: the suites of `expectations/` over all deliveries of the run, guards, and what both found."""
    judged = judge_deliveries(registry, warehouse.settings, districts.chosen(), run_name=context.run_id)
    with registry.begin() as session:
        deliveries = get_deliveries(session, [*judged.verdicts, *judged.rejected])
    report_deliveries(context, districts, deliveries)
    report_all_feeds(context, districts)
    verdicts: list[str] = list(judged.verdicts.values())
    words = get_args(Verdict)
    return dg.MaterializeResult(
        metadata={
            **{word: verdicts.count(word) for word in words},
            "waiting_for_a_roster": len(judged.waiting),
            "districts": len({district_id for district_id, _ in judged.feeds}),
            "data_docs": dg.MetadataValue.url(data_docs_url(warehouse.settings)),
        }
    )


@checks_of_what_ran(
    [dg.AssetCheckSpec(check.family, asset=["raw", check.table], description=check.description) for check in check_families()],
    after=delivery_verdict,
)
def raw_expectations(context: dg.OpExecutionContext, warehouse: WarehouseResource) -> Iterator[dg.AssetCheckResult]:
    """What Great Expectations found in the raw tables whose feeds this run judged, over the newest delivery of every district.

    A failure never stops the run: its deliveries are held.
    """
    pages = dg.MetadataValue.url(data_docs_url(warehouse.settings))
    for check, total in family_totals(warehouse.settings, context.run_id):
        is_grave = any(severity_of(code) in GRAVE for code in total.codes)
        yield dg.AssetCheckResult(
            asset_key=["raw", check.table],
            check_name=check.family,
            passed=not total.codes,
            severity=dg.AssetCheckSeverity.ERROR if is_grave else dg.AssetCheckSeverity.WARN,
            metadata={
                "failing_districts": total.failing_districts,
                "failing_deliveries": total.failing_deliveries,
                "failing_rows": total.failing_rows,
                "findings": ", ".join(total.codes) or "none",
                "data_docs": pages,
            },
        )


@dg.asset(group_name="quality", owners=OWNERS, kinds={"duckdb"}, deps=[delivery_verdict])
def run_scope(
    warehouse: WarehouseResource, registry: RegistryResource, districts: DistrictsResource
) -> dg.MaterializeResult[None]:
    """The districts that this run builds: those whose deliveries, settings, as_of or models differ from what is published."""
    with warehouse.open() as connection:
        published = published_build_keys(warehouse.settings)
        in_scope = set_scope(connection, registry, districts.chosen(), published)
    return dg.MaterializeResult(metadata={"dagster/row_count": len(in_scope), "districts": len(in_scope)})


@dg.asset(group_name="build", owners=OWNERS, kinds={"duckdb"}, deps=[run_scope])
def history(warehouse: WarehouseResource, registry: RegistryResource, districts: DistrictsResource) -> dg.MaterializeResult[None]:
    """What every build was: cells of students from one build to another, and counts by month.

    Builds whose settings changed since are read again from the archive, before the models; what this run's build changes is
    written by the models' step when their tests have passed.
    """
    read = read_past_again(registry, warehouse.settings, districts.chosen())
    return dg.MaterializeResult(
        metadata={
            "builds_read_again": read.builds,
            "months_counted_again": read.months,
            "districts": read.districts,
            "deliveries_read": read.deliveries,
            "seconds": read.seconds,
        }
    )
