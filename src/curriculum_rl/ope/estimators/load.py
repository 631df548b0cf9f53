"""Estimators by name: one YAML an estimator in `configs/estimator`."""

from __future__ import annotations

from typing import cast

from curriculum_rl.named import load_named, names_of
from curriculum_rl.ope.estimators.estimator import Estimator


def estimator_names() -> list[str]:
    """Names of all estimators."""
    return names_of("estimator")


def load_estimator(name: str) -> Estimator:
    """The estimator of this name, with the settings of its YAML.

    Raises:
        InvalidInput: there is none of that name.
    """
    return cast(Estimator, load_named("estimator", name, "estimator"))
