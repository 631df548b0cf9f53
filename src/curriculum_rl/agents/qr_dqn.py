"""Deep Q-learning of the whole distribution of what is to come, by its quantiles, through sb3-contrib's QRDQN.

    theta_i(s, a), i = 1 .. N:   the quantile at (i - 1/2) / N of the points that activity a and all after it bring
    choice                       the allowed a with the highest mean over i
    minimise  sum_i mean_j |tau_i - 1(d_ij < 0)| huber(d_ij),   d_ij = r + gamma theta_target_j(s', a*) - theta_i(s, a)

with a* the choice in s'. Dabney, Rowland, Bellemare & Munos (2018), doi:10.1609/aaai.v32i1.11791. Huber's loss is that
of their equation 10 with kappa = 1, which is quadratic for errors below 1: `reward_scale` says how much that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sb3_contrib import QRDQN as Algorithm
from sb3_contrib.qrdqn.policies import QRDQNPolicy, QuantileNetwork
from torch import Tensor, nn

from curriculum_rl.agents.masked_lanes import MaskedLanes
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import Network, mask_logits
from curriculum_rl.agents.networks.quantiles import Averaged, Quantiles
from curriculum_rl.agents.off_policy import Exploring, OffPolicy, Values
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class QRDQN(OffPolicy):
    """Settings as in `OffPolicy`, and

    Attributes:
        quantiles: N.
    """

    quantiles: int = 32

    def __post_init__(self) -> None:
        super().__post_init__()
        check = Violations("qr-dqn")
        check.number("quantiles", self.quantiles, at_least=2, at_most=1000)
        check.raise_all()

    def made_of(self, network: Network, tracker: Tracker) -> tuple[Network, Tracker]:
        """The network with its quantiles."""
        return Quantiles(network, self.quantiles), tracker

    def algorithm(self, lanes: MaskedLanes, policy: dict[str, Any], seed: int) -> Exploring:
        """sb3-contrib's, with masks."""
        return _MaskedQRDQN(
            _Policy, lanes, policy_kwargs={**policy, "n_quantiles": self.quantiles}, **self.settings(seed)
        )


class _Quantiles(Values):
    actor: Averaged

    def forward(self, observation: Tensor) -> Tensor:
        """Of each activity, (n, N A)."""
        read, mask = self.read(observation)
        return mask_logits(self.actor.each(read), mask[:, None]).flatten(1)


class _Policy(QRDQNPolicy):
    def __init__(
        self, observation_space: Any, action_space: Any, lr_schedule: Any, network: Network, layout: Layout, **rest: Any
    ) -> None:
        self._parts = (network, layout)
        super().__init__(observation_space, action_space, lr_schedule, net_arch=[], **rest)

    def make_quantile_net(self) -> QuantileNetwork:
        made = super().make_quantile_net()
        made.quantile_net = _Quantiles(*self._parts)  # type: ignore[assignment]  # SB3 says Sequential; any module does
        return made


class _MaskedQRDQN(Exploring, Algorithm):
    def values(self) -> nn.Module:
        return self.quantile_net.quantile_net

    def valued(self, observation: Tensor) -> Tensor:
        values: Tensor = self.quantile_net(observation)
        return values.mean(dim=1)
