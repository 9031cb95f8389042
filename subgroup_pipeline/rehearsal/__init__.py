"""Rehearsals: what a night would say about a file, found by the night's own code in a home of its own that is thrown away.

Here belong the throw-away home and the `check/` folder. Nothing here judges, and nothing here changes the installation.
"""
