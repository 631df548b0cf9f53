"""Ways of choosing each student's next activity: one heuristic a file, and networks that were trained."""
