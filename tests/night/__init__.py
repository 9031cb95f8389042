"""Whole nights on real parts: SFTP server and client, DuckDB files, dbt, Great Expectations, Dagster."""
