-- Counts rows that count and whose grading period academicSessions.csv does not have, or has as a school year.
{{ without_parent(
    batch, 'gradingPeriodSourcedId', "(from checks.academic_sessions where lower(type) is distinct from 'schoolyear')"
) }}
