"""Kinds of sources, one a file: each has a `FORMAT`, and is offered by `curriculum-rl import` because it is here."""
