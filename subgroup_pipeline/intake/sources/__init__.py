"""Sources: where the deliveries of a district come from, and how they are taken.

Here belong what a source is (`source`), which one a district has (`of_district`), and each kind of source with its own memory.
SFTP is one: an inbox on a file server. Never here: the ledger's rows, which `fetch` writes.
"""
