"""For all tests: what hypothesis draws is the same in every run, so that a failure anywhere can be seen everywhere."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")
