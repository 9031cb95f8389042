-- Counts rows that count and whose grading period academicSessions.csv does not have, or has as a school year.
{{ without_parent(batch, 'gradingPeriodSourcedId', '(from checks.key_of_academic_sessions where is_period)') }}
