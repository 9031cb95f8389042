"""What Dagster loads (`workspace.yaml`)."""

from subgroup_pipeline.orchestration.build import build_defs

defs = build_defs()
