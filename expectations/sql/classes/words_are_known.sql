-- Counts cells that are not written as OneRoster writes them, and rows that their status marks as gone.
{% set faults = [
    ('VOC201 classType', 'classType is null or not ' ~ is_word_of('classType', 'classes.classType')),
    ('VOC202 classType', is_in_other_capitals('classType', 'classes.classType')),
] %}
{% do add_faults_of_every_file(faults) %}
