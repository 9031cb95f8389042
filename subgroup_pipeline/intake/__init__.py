"""Intake: takes deliveries from their sources, proves that they are complete, and keeps them in the archive by sha256.

Here belong the sources, the archive, and the proofs of completeness. Never here: a look at what a CSV says.
"""
