"""Landing: read the shape of a file (manifest, header, width) and load it as text into DuckDB `raw`, with lineage.

Belongs here: the OneRoster column contract, package and header reading, the statements that load, the warehouse itself.
Never here: an opinion about content; that is `quality`.
"""
