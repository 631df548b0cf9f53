"""Simulated students fitted to real logs, agents that learn to teach them, and honest comparisons.

import curriculum_rl as crl

world = crl.load_world("assistments09")            # or the folder of your own pack
env = crl.make_vec(world, num_envs=256)            # a gymnasium.vector.VectorEnv
outcomes = crl.rollout(world, crl.load_policy("greedy_credit"), students=2000, seed=0)

Importing the package registers its environments with Gymnasium; each name below is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curriculum_rl.envs.vector import CurriculumVectorEnv
    from curriculum_rl.envs.vector import CurriculumVectorEnv as make_vec
    from curriculum_rl.evaluation.outcomes import Outcomes
    from curriculum_rl.evaluation.rollout import rollout
    from curriculum_rl.policies.load import load_policy
    from curriculum_rl.violations import InvalidInput
    from curriculum_rl.world import World, WorldConfig, load_world

__version__ = "0.1.0"

__all__ = [
    "CurriculumVectorEnv",
    "InvalidInput",
    "Outcomes",
    "World",
    "WorldConfig",
    "__version__",
    "load_policy",
    "load_world",
    "make_vec",
    "rollout",
]

_HOMES = {
    "CurriculumVectorEnv": ("envs.vector", "CurriculumVectorEnv"),
    "InvalidInput": ("violations", "InvalidInput"),
    "Outcomes": ("evaluation.outcomes", "Outcomes"),
    "World": ("world", "World"),
    "WorldConfig": ("world", "WorldConfig"),
    "load_policy": ("policies.load", "load_policy"),
    "load_world": ("world", "load_world"),
    "make_vec": ("envs.vector", "CurriculumVectorEnv"),
    "rollout": ("evaluation.rollout", "rollout"),
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(f"{__name__}.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)


if find_spec("gymnasium") is not None:  # without it `curriculum-rl doctor` must still say that it is missing
    from curriculum_rl.envs.registration import register_all

    register_all()
