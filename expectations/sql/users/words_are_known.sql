-- Counts cells that are not written as OneRoster writes them, and rows that their status marks as gone.
{% set faults = [
    ('VOC202 role', is_in_other_capitals('role', 'users.role')),
    ('VOC209 enabledUser', 'enabledUser is null'),
    ('VOC207 enabledUser', is_truth_in_another_word('enabledUser')),
    ('VOC202 enabledUser', is_in_other_capitals('enabledUser', 'truth')),
] %}
{% do add_faults_of_every_file(faults) %}
