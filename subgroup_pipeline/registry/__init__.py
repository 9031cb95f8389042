"""Registry: who the districts are, how each is set up, and what became of every delivery.

Belongs here: tables and migrations, district YAML, the delivery ledger, findings and their catalogue, the audit log.
Never here: a row about a student.
"""
