"""Districts: who they are, how each is set up, and who may sign in as one.

Here belong the settings of a district (its YAML, versioned in the registry), its SSH keys, and what it set for its uploads to
be on time. Never here: what a file says.
"""
