"""A policy behind HTTP: rank, then reward, every decision in the canonical log. Needs neither torch nor gymnasium."""
