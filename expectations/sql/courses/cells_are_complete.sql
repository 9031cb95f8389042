-- Counts rows that count and lack a required value, or whose lists are not well formed.
{% set only = 'counts' %}
{% set faults = [
    ('REQ101 orgSourcedId', 'orgSourcedId is null'),
    ('REQ101 title', 'title is null'),
    ('LST101 grades', 'not ' ~ is_list('grades')),
    ('LST101 subjects', 'not ' ~ is_list('subjects')),
    ('LST101 subjectCodes', 'not ' ~ is_list('subjectCodes')),
    ('VOC204 grades', 'not ' ~ is_grades('grades')),
    ('LST102 subjectCodes', lists_differ_in_length('subjects', 'subjectCodes')),
] %}
