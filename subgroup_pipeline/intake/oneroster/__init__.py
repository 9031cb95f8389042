"""A OneRoster server as intake sees it: signing, one request, one collection, and the text of pages as it is kept.

Never here: what an object says of a student, a class or a school.
"""
