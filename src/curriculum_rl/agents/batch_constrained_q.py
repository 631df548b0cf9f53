"""Discrete batch-constrained deep Q-learning: the best of what the log shows to be usual in a situation.

    G by behaviour cloning
    open(s) = { a:  G(a | s) / max over b of G(b | s)  >=  threshold },     within what is allowed
    y       = r / sd(r) + gamma max over a' in open(s') of Q_{k-1}(s', a'),     pi(s) = argmax over open(s) of Q(s, .)

Fujimoto, Conti, Ghavamzadeh & Pineau (2019), arXiv:1910.01708. Its target takes a' by the network and the value by
the target network; here the targets of a round are worked out while both are the same (`offline_q.py`). At threshold
0 it is fitted Q-iteration, at 1 it takes the likeliest activity of the clone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from torch import nn

from curriculum_rl.agents.behaviour_cloning import surprise
from curriculum_rl.agents.learned import LearnedPolicy, untrained
from curriculum_rl.agents.networks.batch_constrained import BatchConstrained, Beside
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.offline import Regression
from curriculum_rl.agents.offline_q import OfflineQ
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform


@dataclass(frozen=True)
class BatchConstrainedQ(OfflineQ):
    """Settings as in `OfflineQ`, and this.

    Attributes:
        threshold: of the probability of an activity in the log relative to the likeliest's, in [0, 1].
    """

    threshold: float = 0.3

    def check(self, check: Violations) -> None:
        """Notes settings that are out of range."""
        super().check(check)
        check.number("threshold", self.threshold, at_least=0.0, at_most=1.0)

    def learn_in(self, platform: Platform, tracker: Tracker, network: Network, regression: Regression) -> LearnedPolicy:
        """First what was usual, then what it was worth."""
        constrained = BatchConstrained(network, self.threshold)
        policy = untrained(platform, constrained, tracker, controls=())
        inputs, both = cast(tuple[nn.Module, Beside], policy.actor)
        behaviour, values = nn.Sequential(inputs, both.behaviour), nn.Sequential(inputs, both.values)
        regression.fit(behaviour, surprise, "behaviour")
        for rows in (regression.fitting, regression.held_out):
            rows.open = constrained.likely(rows.said(behaviour), rows.allowed)
        self.iterate(regression, values)
        return policy
