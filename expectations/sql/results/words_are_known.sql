-- Counts cells that are not written as OneRoster writes them, and rows that their status marks as gone.
{% set faults = [
    ('VOC202 scoreStatus', is_in_other_capitals('scoreStatus', 'results.scoreStatus')),
    ('DAT304 scoreDate', 'scoreDate is not null and ' ~ date_of('scoreDate') ~ ' is null'),
] %}
{% do add_faults_of_every_file(faults) %}
