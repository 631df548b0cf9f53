"""Logs of real students: how they are read, and what becomes of rows that cannot be."""
