"""The desk: what a person can see and do, as typed objects. The command line prints them, and so will a portal.

Here belong what is shown of districts, deliveries, snapshots and nights, decisions about them, and what is wrong with the
installation. Each field of an object is a key of `--json`. Never here: printing, or Dagster.
"""
