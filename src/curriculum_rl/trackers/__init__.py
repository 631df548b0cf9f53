"""What a platform can believe of its students from what it sees: activity, answer and elapsed time alone."""
