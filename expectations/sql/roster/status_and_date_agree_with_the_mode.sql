-- Counts rows that say by status or dateLastModified another mode than manifest.csv says for their file.
-- DLT102: a row of a file of changes lacks one of them. DLT101: a row of a full file has one; DLT103: all of
-- them have both.
{{ by_other_mode(batch, lacking='DLT102') }}
