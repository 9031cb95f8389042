-- Counts rows that count and whose course courses.csv does not have.
{{ without_parent(batch, 'courseSourcedId', 'checks.key_of_courses') }}
