"""Intervals of an estimate, one a file: how far it may be from the truth by the chance of who was logged."""
