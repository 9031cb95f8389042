-- Counts cells that are not written as OneRoster writes them, and rows that their status marks as gone.
{% set faults = [
    ('VOC202 type', is_in_other_capitals('type', 'orgs.type')),
] %}
{% do add_faults_of_every_file(faults) %}
