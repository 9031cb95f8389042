"""The past: builds of the history that are read again from the archive, because settings changed or the history was lost.

Here belongs what looks back. What tonight's build adds to the history is the affair of `build`.
"""
