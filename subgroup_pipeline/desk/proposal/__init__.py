"""Proposals: the settings of a new district, made from a sample of its subgroup file and its roster.

What is known stands in the catalogue; whatever is not certain becomes a question, and no cell gets a meaning by guessing.
"""
