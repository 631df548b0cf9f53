"""Policies compared on the same students, which training never met."""
