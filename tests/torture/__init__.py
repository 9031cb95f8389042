"""Torture: nights that are killed, starved of disk, cut off and run twice; after each the next night makes it good.

`kills` names a moment, `night` runs a night in a process of its own and kills it there, `homes` prepares installations and
their undisturbed twins, `invariants` says what must hold, `cases` is the table of moments, and `campaign` runs many.
Nothing here has a hook in the package: a night's own process wraps functions before it begins.
"""
