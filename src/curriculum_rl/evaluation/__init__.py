"""Policies compared on students whom nobody trained on."""
