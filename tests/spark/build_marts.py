"""Build the marts by Spark from the export that SUBGROUPS_EXPORT_URL names, and write them where the argument says.

Runs in the environment `.spark`, where nothing of ours is installed. The catalog is in memory and nothing is compiled, which is
quick for data of a few thousand rows.
"""

import sys
from pathlib import Path

from dbt.cli.main import dbtRunner
from pyspark.sql import SparkSession

target = Path(sys.argv[1])
quick = {
    "spark.sql.warehouse.dir": str(target / "warehouse"),
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}
builder = SparkSession.builder.master("local[1]")
for name, value in quick.items():
    builder = builder.config(name, value)
session = builder.getOrCreate()
session.sparkContext.setLogLevel("ERROR")
done = dbtRunner().invoke(["run", "--target", "spark"])
broken = [f"{result.node.name}: {result.message}" for result in done.result or [] if result.status == "error"]
if done.exception or broken:
    sys.exit("\n".join([str(done.exception or ""), *broken]))
session.conf.set("spark.sql.session.timeZone", "UTC")
for row in session.sql("show tables in marts").collect():
    session.table(f"marts.{row.tableName}").coalesce(1).write.mode("overwrite").parquet(str(target / "marts" / row.tableName))
