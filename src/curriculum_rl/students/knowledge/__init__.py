"""Models of what a student knows and how practice changes it: one model a file, each a `Knowledge`."""
