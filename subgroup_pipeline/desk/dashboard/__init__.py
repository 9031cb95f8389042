"""The read models of the dashboard: what is published of one district, as typed rows whose fields are the marts' columns.

Nothing here decides who may see what, and nothing is counted that the marts have not counted.
"""
