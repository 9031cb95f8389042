-- Counts rows that count and lack a required value, or whose lists are not well formed.
{% set only = 'counts' %}
{% set faults = [
    ('REQ101 courseSourcedId', 'courseSourcedId is null'),
    ('REQ101 termSourcedIds', 'termSourcedIds is null'),
    ('REQ101 title', 'title is null'),
    ('LST101 termSourcedIds', 'not ' ~ is_list('termSourcedIds')),
    ('LST101 grades', 'not ' ~ is_list('grades')),
    ('LST101 subjects', 'not ' ~ is_list('subjects')),
    ('LST101 subjectCodes', 'not ' ~ is_list('subjectCodes')),
    ('LST101 periods', 'not ' ~ is_list('periods')),
    ('VOC204 grades', 'not ' ~ is_grades('grades')),
    ('LST102 subjectCodes', lists_differ_in_length('subjects', 'subjectCodes')),
] %}
