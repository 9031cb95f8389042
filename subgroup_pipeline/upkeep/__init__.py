"""Upkeep: what leaves the installation and when, and what is kept safe.

Here belong the table of policies with its runner, the proof of what is kept, backup and restore. Never here: a decision about
a delivery.
"""
