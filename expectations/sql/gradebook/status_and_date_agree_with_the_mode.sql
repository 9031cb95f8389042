-- The same as for the roster's other files, but that a row of a file of changes which lacks one of them (GRD632)
-- holds nothing up.
{{ by_other_mode(batch, lacking='GRD632') }}
