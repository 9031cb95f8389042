"""The mirror: what is published, in a PostgreSQL database for BI tools, where each role sees its own districts only.

Here belong the tables there, bringing them to the snapshot that readers see, and who may see which district. It is optional
(`SUBGROUPS_MIRROR_URL`) and holds nothing that the next run could not bring again, but for who may see what. Never here:
publishing, or anything that the rest of a night depends on.
"""
