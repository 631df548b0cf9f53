"""Models of what activities are worth under a policy, learnt from logs, one a file."""
