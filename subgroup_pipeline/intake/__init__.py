"""Intake: fetch bytes from SFTP servers, prove that they are complete, keep them in the archive by sha256.

Belongs here: the SFTP client, the archive, the proofs of completeness. Never here: a look at what a CSV says.
"""
