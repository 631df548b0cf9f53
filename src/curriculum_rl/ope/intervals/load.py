"""Intervals by name: one YAML an interval in `configs/interval`."""

from __future__ import annotations

from typing import cast

from curriculum_rl.config import build, nearest
from curriculum_rl.ope.intervals.interval import Interval
from curriculum_rl.resources import configs_folder
from curriculum_rl.violations import InvalidInput
from curriculum_rl.yaml_file import check_yaml


def interval_names() -> list[str]:
    """Names of all intervals."""
    return sorted(p.stem for p in (configs_folder() / "interval").glob("*.yaml"))


def load_interval(name: str) -> Interval:
    """The interval of this name, with the settings of its YAML.

    Raises:
        InvalidInput: there is none of that name.
    """
    path = configs_folder() / "interval" / f"{name}.yaml"
    if not path.is_file():
        raise InvalidInput("interval", [f"{name!r} is no interval. {nearest(name, interval_names())}"])
    return cast(Interval, build(check_yaml(path), str(path)))
