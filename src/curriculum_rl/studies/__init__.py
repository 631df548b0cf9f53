"""Studies: a config becomes objects, they are trained and compared, and what came out is kept."""
