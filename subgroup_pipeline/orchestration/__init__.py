"""Orchestration: Dagster only. Assets, checks, sensors, schedules and resources; every body calls a room.

Never here: logic worth a unit test of its own.
"""
