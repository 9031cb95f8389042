-- Counts rows that count and name a term that academicSessions.csv does not have.
{{ with_unknown_members(batch, 'termSourcedIds', 'checks.key_of_academic_sessions') }}
