"""Who may come in: people and their roles, one-time links, passwords of districts, and sign-ins to the portal.

Secrets are kept as hashes only. What a person then sees and does is in `desk`.
"""
