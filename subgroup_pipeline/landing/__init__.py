"""Landing: screen what was archived, and load it as text into DuckDB `raw`, with lineage.

Belongs here: which files a delivery holds, which column goes where, and the statements that load.
Never here: an opinion about content; that is `quality`.
"""
