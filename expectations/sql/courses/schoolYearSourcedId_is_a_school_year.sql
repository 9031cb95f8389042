-- Counts rows that count and whose school year academicSessions.csv does not have, or has as something else.
{{ without_parent(batch, 'schoolYearSourcedId', '(from checks.key_of_academic_sessions where is_school_year)') }}
