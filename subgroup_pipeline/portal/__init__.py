"""The portal: one Starlette application over `desk` and `access`, with the pages of set-up, districts and staff.

A module holds the pages of one subject. Each page says in its `Page` what it needs of whoever asks (`access.roles`). Pages
are HTML that works without JavaScript; they render and route, and never decide nor touch the warehouse.
"""
