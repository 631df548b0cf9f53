"""Models of forgetting: one a file, each a `Memory`."""
