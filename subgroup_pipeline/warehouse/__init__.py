"""The warehouse: the DuckDB files that every stage after intake works in.

Here belong the raw and control tables, the one connection to them, their lock, and the rules about rows as SQL. Never here:
what a delivery is worth.
"""
