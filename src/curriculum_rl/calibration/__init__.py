"""A population of simulated students fitted to a log, judged on students it never saw, and written as a pack."""
