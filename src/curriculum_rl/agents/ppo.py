"""PPO that knows of no masks, through stable-baselines3: for worlds where every activity is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stable_baselines3 import PPO as Algorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.masked import UnmaskedPolicy
from curriculum_rl.agents.on_policy import OnPolicy, seed_of
from curriculum_rl.violations import InvalidInput


@dataclass(frozen=True)
class PPO(OnPolicy):
    """Settings as in `OnPolicy`."""

    def algorithm(self, lanes: Lanes, policy: dict[str, Any], seed: int) -> OnPolicyAlgorithm:
        """stable-baselines3's, with the policy of `masked.py`.

        Raises:
            InvalidInput: the world masks activities.
        """
        if lanes.env.gate is not None:
            raise InvalidInput("agent", ["PPO cannot train where activities are masked: choose agent=maskable_ppo"])
        return Algorithm(UnmaskedPolicy, lanes, policy_kwargs=policy, seed=seed_of(seed), **self.settings())
