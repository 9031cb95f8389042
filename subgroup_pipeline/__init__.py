"""From a school district's nightly roster and subgroup files to reports that people trust."""

__version__ = "0.1.0"
