-- Counts cells that are not written as OneRoster writes them, and rows that their status marks as gone.
{% set faults = [
    ('DAT304 assignDate', 'assignDate is not null and ' ~ date_of('assignDate') ~ ' is null'),
    ('DAT304 dueDate', 'dueDate is not null and ' ~ date_of('dueDate') ~ ' is null'),
] %}
{% do add_faults_of_every_file(faults) %}
