"""Estimators by name: one YAML an estimator in `configs/estimator`."""

from __future__ import annotations

from typing import cast

from curriculum_rl.config import build, nearest
from curriculum_rl.ope.estimators.estimator import Estimator
from curriculum_rl.resources import configs_folder
from curriculum_rl.violations import InvalidInput
from curriculum_rl.yaml_file import check_yaml


def estimator_names() -> list[str]:
    """Names of all estimators."""
    return sorted(p.stem for p in (configs_folder() / "estimator").glob("*.yaml"))


def load_estimator(name: str) -> Estimator:
    """The estimator of this name, with the settings of its YAML.

    Raises:
        InvalidInput: there is none of that name.
    """
    path = configs_folder() / "estimator" / f"{name}.yaml"
    if not path.is_file():
        raise InvalidInput("estimator", [f"{name!r} is no estimator. {nearest(name, estimator_names())}"])
    return cast(Estimator, build(check_yaml(path), str(path)))
