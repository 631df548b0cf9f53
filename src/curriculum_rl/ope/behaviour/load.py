"""Models of the logged policy by name: one YAML a model in `configs/behaviour`."""

from __future__ import annotations

from typing import cast

from curriculum_rl.config import build, nearest
from curriculum_rl.ope.behaviour.behaviour import BehaviourModel
from curriculum_rl.resources import configs_folder
from curriculum_rl.violations import InvalidInput
from curriculum_rl.yaml_file import check_yaml


def behaviour_names() -> list[str]:
    """Names of all models of the logged policy."""
    return sorted(p.stem for p in (configs_folder() / "behaviour").glob("*.yaml"))


def load_behaviour(name: str) -> BehaviourModel:
    """The model of this name, with the settings of its YAML.

    Raises:
        InvalidInput: there is none of that name.
    """
    path = configs_folder() / "behaviour" / f"{name}.yaml"
    if not path.is_file():
        raise InvalidInput("behaviour", [f"{name!r} is no model. {nearest(name, behaviour_names())}"])
    return cast(BehaviourModel, build(check_yaml(path), str(path)))
