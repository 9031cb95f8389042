-- Counts rows that count and lack a required value.
{{ by_faults_of_cells(batch, [
    ('REQ101 name', 'name is null'),
], only='counts') }}
