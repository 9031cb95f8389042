"""A month over many districts: small changes, faulty files, people's decisions, changed settings, nights killed with SIGKILL.

`districts` makes what districts upload, `model` knows by the rules what must be live, `simulation` runs the nights and compares.
"""
