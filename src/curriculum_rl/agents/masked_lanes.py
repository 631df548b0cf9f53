"""Lanes that show the mask with what is seen, for algorithms that know of no masks."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs

from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.trackers.tracker import Float32
from curriculum_rl.world import World


class MaskedLanes(Lanes):
    """What is seen ends with the mask, (n, F + A + C)."""

    def __init__(self, world: World, **settings: Any) -> None:
        super().__init__(world, **settings)
        width = self.layout.features + self.layout.actions
        self.observation_space = self.sight.space(spaces.Box(-1.0, 1.0, (width,), np.float32))

    def _observed(self, features: Float32) -> VecEnvObs:
        return super()._observed(np.concatenate([features, self.action_masks().astype(np.float32)], axis=1))
