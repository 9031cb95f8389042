"""Accepted deliveries as Parquet, one folder per district, for the models on another engine: docs/scaling.md."""
