"""Side by side with what a user would write: the same files through other tools, each in a process of its own.

`contest.py` runs the contenders. `by_dlt.py`, `by_gx.py` and `by_dbt.py` are contenders in the environment `.bench`, which has no
part of ours: they and `work.py` import nothing else from here.
"""
