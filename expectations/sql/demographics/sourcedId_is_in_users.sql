-- Counts rows that count and are of nobody in users.csv.
{{ without_parent(batch, 'sourcedId', 'checks.key_of_users') }}
