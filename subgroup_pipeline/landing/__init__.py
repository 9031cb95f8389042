"""Landing: read the shape of a file (manifest, header, width) and load it as text into DuckDB `raw`, with lineage.

Belongs here: which files a delivery holds, which column goes where, and the statements that load.
Never here: an opinion about content; that is `quality`.
"""
