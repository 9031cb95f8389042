-- Counts cells that are not written as OneRoster writes them, and rows that their status marks as gone.
{% set faults = [
    ('VOC201 type', 'type is null or not ' ~ is_word_of('type', 'academic_sessions.type')),
    ('VOC202 type', is_in_other_capitals('type', 'academic_sessions.type')),
] %}
{% do add_faults_of_every_file(faults) %}
