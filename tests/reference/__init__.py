"""Independent, scalar versions of what the package computes for many students at once; written from its docstrings."""
