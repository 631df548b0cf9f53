"""PPO that never proposes a masked activity: the default agent, through sb3-contrib's MaskablePPO.

Huang & Ontañón (2022), arXiv:2006.14171: masked choices take no part in the probabilities, so they get no gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sb3_contrib import MaskablePPO as Algorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.masked import MaskedPolicy
from curriculum_rl.agents.on_policy import OnPolicy, seed_of
from curriculum_rl.agents.watcher import Watcher


@dataclass(frozen=True)
class MaskablePPO(OnPolicy):
    """Settings as in `OnPolicy`."""

    def algorithm(self, lanes: Lanes, policy: dict[str, Any], seed: int) -> OnPolicyAlgorithm:
        """sb3-contrib's, with the policy of `masked.py`."""
        return Algorithm(MaskedPolicy, lanes, policy_kwargs=policy, seed=seed_of(seed), **self.settings())

    def learn(self, model: Any, watcher: Watcher, left: int, fresh: bool) -> None:
        """Runs it for so many more frames; where nothing can be masked, masks cost nothing."""
        masking = watcher.lanes.env.masked
        model.learn(left, callback=watcher, log_interval=None, reset_num_timesteps=fresh, use_masking=masking)
