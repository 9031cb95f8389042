"""Snapshots as readers meet them: made beside the old one, verified, swapped in, kept, and closed to the outside."""
