"""Lanes whose tracker remembers, with all that is needed to remember it once more, with gradients.

What is seen holds h, since that is among the tracker's features. `cell` holds c, and last the number of events so far,
plus 1: from one step to the next of a lane h was folded once if and only if that number rose by 1. It does not where a
lane's student waits for others, or is another.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs

from curriculum_rl.agents.masked_lanes import MaskedLanes
from curriculum_rl.agents.recurrent_tracker import Recurrent, Remembering
from curriculum_rl.trackers.tracker import Float32
from curriculum_rl.world import World


class RecurrentLanes(MaskedLanes):
    """Observations are a mapping of `seen`, with the mask, `cell`, and `truth` where there is sight."""

    def __init__(self, world: World, *, tracker: Recurrent, **settings: Any) -> None:
        super().__init__(world, tracker=tracker, **settings)
        assert tracker.memory is not None
        space = self.observation_space
        parts = dict(space.spaces) if isinstance(space, spaces.Dict) else {"seen": space}
        cell = spaces.Box(-np.inf, np.inf, (tracker.memory.width + 1,), np.float32)
        self.observation_space = spaces.Dict({**parts, "cell": cell})

    def _observed(self, features: Float32) -> VecEnvObs:
        observed, belief = super()._observed(features), self.env.running().belief
        assert isinstance(belief, Remembering)
        parts: dict[str, Any] = observed if isinstance(observed, dict) else {"seen": observed}
        events = (belief.steps + 1).astype(np.float32)
        return {**parts, "cell": np.concatenate([belief.cell, events[:, None]], axis=1)}
