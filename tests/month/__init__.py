"""A month over many districts: small changes, faulty files, people's decisions, changed settings, nights killed with SIGKILL.

`districts` and `gradebook` make what districts upload, `model` knows by the rules what must be live and `past` what was built of
it, `comparison` says what every published table must hold, and `simulation` runs the nights and compares.
"""
