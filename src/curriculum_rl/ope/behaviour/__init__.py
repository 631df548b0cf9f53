"""Models of the policy that was logged, for logs that hold no propensities, one a file."""
