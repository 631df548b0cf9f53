"""Simulated students fitted to real logs, agents that learn to teach them, and honest comparisons.

import curriculum_rl as crl

world = crl.load_world("assistments09")            # or the folder of your own pack
env = crl.make_vec(world, num_envs=256)            # a gymnasium.vector.VectorEnv
outcomes = crl.rollout(world, crl.load_policy("greedy_credit"), students=2000, seed=0)
"""

from __future__ import annotations

from curriculum_rl.envs.registration import register_all
from curriculum_rl.envs.vector import CurriculumVectorEnv
from curriculum_rl.evaluation.rollout import Outcomes, rollout
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

make_vec = CurriculumVectorEnv
"""Makes the vector environment: `make_vec(world, num_envs=...)`."""

register_all()
