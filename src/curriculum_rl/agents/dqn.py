"""Deep Q-learning that never takes a masked activity, through stable-baselines3's DQN.

    Q(s, a) <- r + gamma max over a' allowed in s' of Q_target(s', a')

Mnih et al. (2015), doi:10.1038/nature14236.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stable_baselines3 import DQN as Algorithm
from stable_baselines3.dqn.policies import DQNPolicy, QNetwork
from torch import Tensor, nn

from curriculum_rl.agents.masked_lanes import MaskedLanes
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import Network, mask_logits
from curriculum_rl.agents.off_policy import Exploring, OffPolicy, Values


@dataclass(frozen=True)
class DQN(OffPolicy):
    """Settings as in `OffPolicy`."""

    def algorithm(self, lanes: MaskedLanes, policy: dict[str, Any], seed: int) -> Exploring:
        """stable-baselines3's, with masks."""
        return _MaskedDQN(_Policy, lanes, policy_kwargs=policy, **self.settings(seed))


class _Values(Values):
    def forward(self, observation: Tensor) -> Tensor:
        """Of each activity, (n, A)."""
        read, mask = self.read(observation)
        return mask_logits(self.actor(read), mask)


class _Policy(DQNPolicy):
    def __init__(
        self, observation_space: Any, action_space: Any, lr_schedule: Any, network: Network, layout: Layout
    ) -> None:
        self._parts = (network, layout)
        super().__init__(observation_space, action_space, lr_schedule, net_arch=[])

    def make_q_net(self) -> QNetwork:
        made = super().make_q_net()
        made.q_net = _Values(*self._parts)  # type: ignore[assignment]  # SB3 says Sequential; any module does
        return made


class _MaskedDQN(Exploring, Algorithm):
    def values(self) -> nn.Module:
        return self.q_net.q_net

    def valued(self, observation: Tensor) -> Tensor:
        values: Tensor = self.q_net(observation)
        return values
