-- Counts rows that count and whose organisation orgs.csv does not have.
{{ without_parent(batch, 'orgSourcedId', 'checks.key_of_orgs') }}
