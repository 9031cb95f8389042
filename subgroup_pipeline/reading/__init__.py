"""Reading: what uploaded bytes are, told by processes of their own under limits of memory and time.

Here belong zips, encodings, the shape and the records of a CSV text, and the pool of processes. These modules give facts and
findings about one file and import nothing heavy, so that such a process starts in a blink. Never here: the ledger, the
warehouse, or what a district wants.
"""
