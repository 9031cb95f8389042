"""Findings: everything that can be said about a delivery, and what it is called.

Here belong the catalogue of codes (how grave each is, what it means, how a clerk mends it) and the finding itself. Never here:
the deliveries, or where findings are kept; those are the registry's.
"""
