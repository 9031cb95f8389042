-- Counts cells that are not written as OneRoster writes them, and rows that their status marks as gone.
{% set faults = [
    ('VOC202 role', is_in_other_capitals('role', 'enrollments.role')),
    ('VOC201 primary', '"primary" is not null and ' ~ truth_of('"primary"') ~ ' is null'),
    ('VOC207 primary', is_truth_in_another_word('"primary"')),
    ('VOC202 primary', is_in_other_capitals('"primary"', 'truth')),
] %}
{% do add_faults_of_every_file(faults) %}
