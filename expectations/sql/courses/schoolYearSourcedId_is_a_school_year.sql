-- Counts rows that count and whose school year academicSessions.csv does not have, or has as something else.
{{ without_parent(batch, 'schoolYearSourcedId', "(from checks.academic_sessions where lower(type) = 'schoolyear')") }}
