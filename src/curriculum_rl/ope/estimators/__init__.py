"""Estimators of what another policy would have earned, one a file."""
