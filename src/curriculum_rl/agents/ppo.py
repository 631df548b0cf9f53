"""PPO that knows of no masks, through stable-baselines3: for worlds where every activity is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stable_baselines3 import PPO as Algorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from curriculum_rl.agents.agent import refuse
from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.masked import UnmaskedPolicy
from curriculum_rl.agents.on_policy import OnPolicy, seed_of
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.trackers.tracker import Tracker


@dataclass(frozen=True)
class PPO(OnPolicy):
    """Settings as in `OnPolicy`."""

    def refusals(self, tracker: Tracker, gate: Gate | None) -> list[str]:
        """A gate: what it masks would be proposed."""
        reason = "gate = on: PPO cannot learn where activities are masked. Choose agent=maskable_ppo, or gate=null."
        return [*super().refusals(tracker, gate), *([reason] if gate else [])]

    def algorithm(self, lanes: Lanes, policy: dict[str, Any], seed: int) -> OnPolicyAlgorithm:
        """stable-baselines3's, with the policy of `masked.py`; refused where a world masks by itself."""
        reason = "faculties.access or faculties.classroom = on: PPO cannot learn where activities are masked. "
        remedy = "Choose agent=maskable_ppo, or world.without=[access, classroom]."
        refuse([reason + remedy] if lanes.env.masked else [])
        return Algorithm(UnmaskedPolicy, lanes, policy_kwargs=policy, seed=seed_of(seed), **self.settings())
