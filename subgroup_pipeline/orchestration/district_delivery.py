"""`district_delivery`: what the newest delivery of each district and feed came to, one partition each, such as `pine/roster`.

An external asset: nothing materializes it, the night reports to it, and only for feeds that delivered (an event costs about
10 ms, so one step per district would cost minutes at state size). A feed that was accepted is materialized; one that was held or
rejected is observed. Its check `verdict` is red in the partition of each feed that waits, and red as a whole while one does.
"""

import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData

from subgroup_pipeline.desk.links import data_docs_url, report_url
from subgroup_pipeline.districts.registered import districts_of_shard
from subgroup_pipeline.orchestration.event_log import stored_together
from subgroup_pipeline.orchestration.resources import OWNERS, DistrictsResource, RunDistricts
from subgroup_pipeline.registry.ledger import latest_deliveries
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.warehouse.oneroster import roster_tables

KEY = dg.AssetKey("district_delivery")
CHECK = "verdict"
PARTITIONS = "district_feed"
"""Their name in Dagster: `<district>/<feed>`."""
FEEDS_OF_DISTRICTS = dg.DynamicPartitionsDefinition(name=PARTITIONS)
_Context = dg.AssetExecutionContext | dg.OpExecutionContext
_AT_A_TIME = 100
"""Deliveries whose events are stored together: who else writes to Dagster's files waits for a second."""
_MOST_LINES = 10
_MOST_ROWS = 200
_ROSTER_FILES = frozenset(table.file_name for table in roster_tables().values())
_FINDING_COLUMNS = dg.TableSchema(
    [
        dg.TableColumn("district", "string"),
        dg.TableColumn("feed", "string"),
        dg.TableColumn("verdict", "string"),
        dg.TableColumn("code", "string", "docs/error-codes.md says what it means and how it is mended"),
        dg.TableColumn("severity", "string"),
        dg.TableColumn("count", "int"),
        dg.TableColumn("file", "string", "the OneRoster file; names that a district chose are not shown here"),
        dg.TableColumn("lines", "string", "the first lines that the finding names"),
    ]
)

district_delivery = dg.AssetSpec(
    KEY,
    description="The newest delivery of each district and feed (one partition each): its state, verdict and row counts. "
    "Reported by the night for feeds that delivered; a held or rejected one is an observation, and its check is red.",
    group_name="intake",
    owners=OWNERS,
    kinds={"sftp", "csv"},
    partitions_def=FEEDS_OF_DISTRICTS,
)


def report_deliveries(context: dg.AssetExecutionContext, districts: RunDistricts, deliveries: Iterable[Delivery]) -> None:
    """Report deliveries that came to a verdict in the partitions of their feeds, and count the verdicts in the run's tags."""
    deliveries = sorted(deliveries, key=lambda delivery: (delivery.received_at, delivery.delivery_id))
    if not deliveries:
        return
    _add_partitions(context.instance, {_partition(delivery) for delivery in deliveries})
    with districts.registry.begin() as session:
        newest = {_partition(d): d for d in latest_deliveries(session, {d.district_id for d in deliveries})}
        for first in range(0, len(deliveries), _AT_A_TIME):
            with stored_together(context.instance):
                for delivery in deliveries[first : first + _AT_A_TIME]:
                    event = dg.AssetObservation if _waits(delivery) else dg.AssetMaterialization
                    context.log_event(event(KEY, partition=_partition(delivery), metadata=_facts(districts, delivery)))
                    _evaluate_feed(context, districts, newest.get(_partition(delivery), delivery))
    districts.verdicts.update({delivery.delivery_id: str(delivery.verdict or delivery.state) for delivery in deliveries})
    counts = {word: [*districts.verdicts.values()].count(word) for word in sorted({*districts.verdicts.values()})}
    context.instance.add_run_tags(context.run_id, {f"verdict/{word}": str(count) for word, count in counts.items()})


def report_all_feeds(context: _Context, districts: RunDistricts, *, each: bool = False) -> None:
    """Evaluate `verdict` over every feed of every district, and with `each` in each partition before that."""
    with districts.registry.begin() as session:
        own = districts_of_shard(districts.registry, districts.settings.own_shard)
        newest = latest_deliveries(session, [district.district_id for district in own])
        if each:
            _add_partitions(context.instance, {_partition(delivery) for delivery in newest})
            # Red ones last: Dagster shows the newest row as the check's state, and it made the row of the whole check, which the
            # evaluation below fills, when it planned the run.
            for delivery in sorted(newest, key=_waits):
                _evaluate_feed(context, districts, delivery)
        waiting = [delivery for delivery in newest if _waits(delivery)]
        facts = {
            "feeds": len(newest),
            "feeds_held": sum(delivery.verdict == "held" for delivery in waiting),
            "feeds_rejected": sum(delivery.verdict == "rejected" for delivery in waiting),
            "findings": _table(waiting),
            "data_docs": dg.MetadataValue.url(data_docs_url(districts.settings)),
        }
        _evaluate(context, not waiting, facts)


with warnings.catch_warnings():
    # A partitioned check is what this asset is for (one verdict per feed); the pinned version keeps it.
    warnings.simplefilter("ignore", dg.PreviewWarning)
    _VERDICT = dg.AssetCheckSpec(
        CHECK,
        asset=KEY,
        partitions_def=FEEDS_OF_DISTRICTS,
        description="The newest delivery of the feed was accepted; as a whole, that of every feed was. The table names what "
        "was found; `subgroups delivery show` says what to do.",
    )


@dg.multi_asset_check(
    name=CHECK,
    specs=[_VERDICT],
    # It lets the step end without a result: Dagster cannot turn one into an evaluation of a partitioned asset in a run
    # without a partition, which is what the UI starts. So the evaluations are logged.
    can_subset=True,
)
def verdict(context: dg.AssetCheckExecutionContext, districts: DistrictsResource) -> Iterator[dg.AssetCheckResult]:
    """Look the verdicts up again, for a person who asks in the UI; the night reports them by itself."""
    report_all_feeds(context.op_execution_context, districts, each=True)
    yield from ()


def _add_partitions(instance: dg.DagsterInstance, partitions: Collection[str]) -> None:
    known = instance.get_dynamic_partitions(PARTITIONS)
    instance.add_dynamic_partitions(PARTITIONS, sorted(set(partitions) - set(known)))


def _evaluate_feed(context: _Context, districts: RunDistricts, newest: Delivery) -> None:
    """Evaluate `verdict` in the partition of a feed, against the materialization that stands there: without, it counts as old."""
    partition = _partition(newest)
    standing = context.instance.fetch_materializations(dg.AssetRecordsFilter(KEY, asset_partitions=[partition]), limit=1).records
    target = (
        AssetCheckEvaluationTargetMaterializationData(
            run_id=standing[0].run_id, storage_id=standing[0].storage_id, timestamp=standing[0].timestamp
        )
        if standing
        else None
    )
    _evaluate(context, not _waits(newest), {**_facts(districts, newest), "findings": _table([newest])}, partition, target)


def _evaluate(
    context: _Context,
    passed: bool,
    metadata: dict[str, Any],
    partition: str | None = None,
    target: AssetCheckEvaluationTargetMaterializationData | None = None,
) -> None:
    evaluation = dg.AssetCheckEvaluation(
        asset_key=KEY,
        check_name=CHECK,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata=metadata,
        target_materialization_data=target,
        partition=partition,
    )
    context.log_event(evaluation)  # type: ignore[arg-type]  # Dagster takes it, only its hint for ops leaves it out


def _partition(delivery: Delivery) -> str:
    return f"{delivery.district_id}/{delivery.feed}"


def _waits(delivery: Delivery) -> bool:
    """Whether the delivery was not taken, so that the reports still rest on an older one, or on none."""
    return delivery.verdict in ("held", "rejected")


def _facts(districts: RunDistricts, delivery: Delivery) -> dict[str, Any]:
    """Counts, codes and words of the ledger; never a value from a student's row."""
    return {
        "delivery_id": delivery.delivery_id,
        "state": delivery.state,
        "verdict": delivery.verdict or "waiting",
        "dagster/row_count": delivery.record.landed,
        "rows_set_aside": delivery.record.rows_set_aside,
        "report": dg.MetadataValue.url(report_url(districts.settings, delivery)),
        "data_docs": dg.MetadataValue.url(data_docs_url(districts.settings)),
    }


def _table(deliveries: Iterable[Delivery]) -> dg.TableMetadataValue:
    """What was found in these deliveries, one row per finding: codes, counts and line numbers."""
    rows: list[dict[str, str | int | float | bool | None]] = [
        {
            "district": delivery.district_id,
            "feed": delivery.feed,
            "verdict": delivery.verdict or "waiting",
            "code": finding.code,
            "severity": finding.severity,
            "count": finding.count or len(finding.lines),
            "file": finding.file if finding.file in _ROSTER_FILES else "",
            "lines": _lines(finding.lines, finding.count),
        }
        for delivery in deliveries
        for finding in delivery.findings
        if finding.severity != "info"
    ]
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows[:_MOST_ROWS]], schema=_FINDING_COLUMNS)


def _lines(lines: Sequence[int], count: int | None) -> str:
    shown = lines[:_MOST_LINES]
    more = max(count or 0, len(lines)) - len(shown)
    return ", ".join(map(str, shown)) + (f" and {more} more" if shown and more else "")
