"""Publish: make the snapshot that people read, verify it, swap it in.

Belongs here: snapshots and their manifest, reading the published file. Never here: publishing
something that failed its checks.
"""
