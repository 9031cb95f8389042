"""Upkeep: what leaves the installation and when, and what is kept safe.

Here belong the proof of what is kept, backup and restore. Never here: a decision about a delivery.
"""
