"""Intervals by name: one YAML an interval in `configs/interval`."""

from __future__ import annotations

from typing import cast

from curriculum_rl.named import load_named, names_of
from curriculum_rl.ope.intervals.interval import Interval


def interval_names() -> list[str]:
    """Names of all intervals."""
    return names_of("interval")


def load_interval(name: str) -> Interval:
    """The interval of this name, with the settings of its YAML.

    Raises:
        InvalidInput: there is none of that name.
    """
    return cast(Interval, load_named("interval", name, "interval"))
