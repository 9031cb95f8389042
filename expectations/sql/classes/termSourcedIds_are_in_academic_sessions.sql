-- Counts rows that count and name a term that academicSessions.csv does not have.
{{ with_unknown_members(batch, 'termSourcedIds', 'checks.academic_sessions') }}
