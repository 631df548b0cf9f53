"""Bounds by name: one YAML a bound in `configs/oracle`. Each sees the true state, and is labelled privileged."""

from __future__ import annotations

from typing import Protocol, cast, runtime_checkable

from curriculum_rl.config import build, nearest
from curriculum_rl.evaluation.rollout import Privileged
from curriculum_rl.resources import configs_folder
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from curriculum_rl.yaml_file import check_yaml


@runtime_checkable
class Choosy(Protocol):
    """A bound that not every world is for."""

    def fits(self, world: World) -> bool:
        """Whether it can be played there."""


def bound_names() -> list[str]:
    """Names of all bounds."""
    return sorted(p.stem for p in (configs_folder() / "oracle").glob("*.yaml"))


def load_bound(name: str) -> Privileged:
    """The bound of this name, with the parameters of its YAML.

    Raises:
        InvalidInput: there is none of that name.
    """
    path = configs_folder() / "oracle" / f"{name}.yaml"
    if not path.is_file():
        raise InvalidInput("oracle", [f"{name!r} is no bound. {nearest(name, bound_names())}"])
    return cast(Privileged, build(check_yaml(path), str(path)))


def bounds_for(world: World) -> dict[str, Privileged]:
    """Every bound that can be played in this world, by name."""
    loaded = {name: load_bound(name) for name in bound_names()}
    return {name: bound for name, bound in loaded.items() if not isinstance(bound, Choosy) or bound.fits(world)}
