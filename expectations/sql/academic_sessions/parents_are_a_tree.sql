-- Counts rows that are above themselves, and rows whose parent is not in the file.
with recursive {{ ancestors(batch) }}

{{ rings_and_orphans(batch) }}
