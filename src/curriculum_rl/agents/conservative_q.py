"""Discrete conservative Q-learning: what was never logged is not believed to be good.

    loss(s, a) = 1/2 (Q(s, a) - y)^2 + alpha (log sum over allowed b of exp Q(s, b) - Q(s, a)),      y as in `offline_q`

This is CQL(H), equation 4 of Kumar, Zhou, Tucker & Levine (2020), arXiv:2006.04779. At alpha = 0 it is fitted
Q-iteration; as alpha grows it becomes behaviour cloning, whose loss the penalty is, and the policy takes what was
logged most. Values are in standard deviations of a reward (`offline_q`), and so is alpha.

In the world of configs/world/new_material.yaml, one seed, some two minutes:

    curriculum-rl record --world new_material --policy mastery --explore .3 --students 600 --skip 100000 --out log
    curriculum-rl learn --log log --method conservative_q --out learned rounds=5
    curriculum-rl evaluate --world new_material mastery greedy_credit learned/conservative_q --students 300

The concept scorer comes to 20.1 points (18.7 to 21.6), from a log of 13.5 +/- .8; `mastery` has 11.8 (10.8 to 12.8)
and `greedy_credit` 22.1 (20.6 to 23.6). The settings were chosen with these students in view, which flatters it.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from curriculum_rl.agents.behaviour_cloning import surprise
from curriculum_rl.agents.learned import LearnedPolicy, untrained
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.offline import Regression
from curriculum_rl.agents.offline_q import OfflineQ
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform


@dataclass(frozen=True)
class ConservativeQ(OfflineQ):
    """Settings as in `OfflineQ`, and this.

    Attributes:
        alpha: weight of the penalty.
    """

    alpha: float = 0.1

    def check(self, check: Violations) -> None:
        """Notes settings that are out of range."""
        super().check(check)
        check.number("alpha", self.alpha, at_least=0.0)

    def learn_in(self, platform: Platform, tracker: Tracker, network: Network, regression: Regression) -> LearnedPolicy:
        """Takes the greatest value."""
        policy = untrained(platform, network, tracker, controls=())
        self.iterate(regression, policy.actor)
        return policy

    def loss(self, said: Tensor, allowed: Tensor, action: Tensor, target: Tensor) -> Tensor:
        """With the penalty, (n,)."""
        return super().loss(said, allowed, action, target) + self.alpha * surprise(said, allowed, action, target)
