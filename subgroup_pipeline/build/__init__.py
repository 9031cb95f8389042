"""Build: the marts of the districts whose inputs changed.

Here belong the scope with its build keys, running dbt, and the isolation of districts whose rows fail. Never here: publishing.
"""
