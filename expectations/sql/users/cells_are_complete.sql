-- Counts rows that count and lack a required value, or whose lists are not well formed.
{% set only = 'counts' %}
{% set faults = [
    ('REQ101 orgSourcedIds', 'orgSourcedIds is null'),
    ('REQ101 username', 'username is null'),
    ('REQ101 givenName', 'givenName is null'),
    ('REQ101 familyName', 'familyName is null'),
    ('LST101 orgSourcedIds', 'not ' ~ is_list('orgSourcedIds')),
    ('LST101 agentSourcedIds', 'not ' ~ is_list('agentSourcedIds')),
    ('LST101 grades', 'not ' ~ is_list('grades')),
    ('VOC204 grades', 'not ' ~ is_grades('grades')),
    ('LST103 userIds', 'not ' ~ is_typed_ids('userIds')),
] %}
