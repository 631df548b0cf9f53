"""A network that chooses as the log did: the simplest that can be learned from a log, and what all else must beat.

    minimise  E over the log of  - log pi(a | s),     pi = softmax over what was allowed

The policy draws from pi, so that it spreads its choices as the log did; what is left of the loss on held-out students
is the entropy of the logging policy, where the network can say all of it. No rewards are needed.
Pomerleau (1991), doi:10.1162/neco.1991.3.1.88.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from curriculum_rl.agents.learned import LearnedPolicy, untrained
from curriculum_rl.agents.masked import categorical
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.offline import Offline, Regression
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.world import Platform


@dataclass(frozen=True)
class BehaviourCloning(Offline):
    """Settings as in `Offline`."""

    rewarded: ClassVar[bool] = False
    measure: ClassVar[str] = "minus log-likelihood of a decision, nats"

    def learn_in(self, platform: Platform, tracker: Tracker, network: Network, regression: Regression) -> LearnedPolicy:
        """One regression."""
        policy = untrained(platform, network, tracker, controls=())
        regression.fit(policy.actor, surprise, "behaviour")
        return policy.drawn()


def surprise(said: Tensor, allowed: Tensor, action: Tensor, target: Tensor) -> Tensor:
    """Minus the log-probability of what was done, nats, (n,)."""
    return -categorical(said, allowed).gather(1, action[:, None])[:, 0]
