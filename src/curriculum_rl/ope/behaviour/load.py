"""Models of the logged policy by name: one YAML a model in `configs/behaviour`."""

from __future__ import annotations

from typing import cast

from curriculum_rl.named import load_named, names_of
from curriculum_rl.ope.behaviour.behaviour import BehaviourModel


def behaviour_names() -> list[str]:
    """Names of all models of the logged policy."""
    return names_of("behaviour")


def load_behaviour(name: str) -> BehaviourModel:
    """The model of this name, with the settings of its YAML.

    Raises:
        InvalidInput: there is none of that name.
    """
    return cast(BehaviourModel, load_named("behaviour", name, "model"))
