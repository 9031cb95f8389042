"""Registry: what became of every delivery, and who decided it.

Belongs here: tables and migrations, the delivery ledger, decisions, kept findings, the audit log.
Never here: a row about a student.
"""
