-- Counts rows whose sourcedId is longer than OneRoster allows, has a space or is not plain ASCII. Nothing
-- refers to it.
{% set faults = [
    ('KEY004 sourcedId', "strlen(sourcedId) > 255 or strlen(sourcedId) <> length(sourcedId) or contains(sourcedId, ' ')"),
] %}
