-- Counts cells that are not written as OneRoster writes them, and rows that their status marks as gone.
{{ by_faults_of_words(batch, [
    ('DAT304 assignDate', 'assignDate is not null and ' ~ date_of('assignDate') ~ ' is null'),
    ('DAT304 dueDate', 'dueDate is not null and ' ~ date_of('dueDate') ~ ' is null'),
]) }}
