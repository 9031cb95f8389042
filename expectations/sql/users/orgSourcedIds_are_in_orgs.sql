-- Counts rows that count and name an organisation that orgs.csv does not have.
{{ with_unknown_members(batch, 'orgSourcedIds', 'checks.key_of_orgs') }}
