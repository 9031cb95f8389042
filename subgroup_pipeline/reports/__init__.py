"""The error report that a school clerk acts on: what came, what became of it, and how to mend it; as HTML, CSV and JSON.

Here belongs everything between a judged delivery and the files in the district's outbox. A report decides nothing: verdicts
are made before. It holds ids of the district's own records, never a name or a birth date.
"""
