-- Counts cells that are not written as OneRoster writes them, and rows that their status marks as gone.
{% set faults = [
    (
        'VOC201 sex',
        'not ' ~ is_word_of('sex', 'demographics.sex') ~ " and not (is_1p2 and lower(sex) in ('other', 'unspecified'))"
    ),
    ('VOC202 sex', is_in_other_capitals('sex', 'demographics.sex')),
    ('DAT304 birthDate', 'birthDate is not null and ' ~ date_of('birthDate') ~ ' is null'),
] %}
{% for flag in [
    'americanIndianOrAlaskaNative', 'asian', 'blackOrAfricanAmerican', 'nativeHawaiianOrOtherPacificIslander', 'white',
    'demographicRaceTwoOrMoreRaces', 'hispanicOrLatinoEthnicity'
] %}
    {% do faults.extend([
        ('VOC201 ' ~ flag, flag ~ ' is not null and ' ~ truth_of(flag) ~ ' is null'),
        ('VOC207 ' ~ flag, is_truth_in_another_word(flag)),
        ('VOC202 ' ~ flag, is_in_other_capitals(flag, 'truth')),
    ]) %}
{% endfor %}
{% do add_faults_of_every_file(faults) %}
