"""The words that the catalogue uses in a sense of its own, as a clerk would have them explained."""

GLOSSARY = {
    "upload": "What you send in one go: a roster (one zip, or its CSV files together), or one subgroup file. Each is checked as a whole.",
    "roster": "The files about schools, terms, courses, classes, people and enrollments. Their names and columns are those of the "
    "standard OneRoster 1.1 (CSV), which your student information system exports.",
    "subgroup file": "Your file with one row for each student: a column with the student's ID, and one column for each group, for "
    "example English learners.",
    "student information system": "The program in which your district keeps its students. A mend made there is in every export from then on; "
    "a mend made in a file is gone with the next export.",
    "header": "The line with the names of the columns, the first of a CSV file. It is line 1 wherever a report names lines.",
    "sourcedId": "The column of each roster file that holds the ID of the row. Columns whose names end in SourcedId hold such an ID of "
    "another file: classSourcedId in enrollments.csv is the sourcedId of a row in classes.csv.",
    "left out": "The row is in no report; the other rows of the upload are used.",
    "on hold": "The whole upload waits for a person. The reports keep showing the last good data until then.",
    "not reported": "What the reports show for a student of whom we could not read a value. It never means no.",
    "manifest.csv": "The file of a roster that lists its other files: bulk marks a full file, delta one with changes only, absent one "
    "that is not part of the set.",
    "UTF-8": "The way of storing letters in which names like Zoë survive. Excel calls the file type 'CSV UTF-8 (Comma delimited)'.",
    "we, us": "The team that runs this service. The report that you get names a contact.",
}
