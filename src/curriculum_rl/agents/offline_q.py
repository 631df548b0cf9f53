"""Values learned from a log by fitted Q-iteration: what conservative and batch-constrained Q-learning share.

    Q_0 = 0
    Q_k = the network with the least   mean over the log of   1/2 (Q(s, a) - y)^2 + penalty(s, a)
    y   = r / sd(r) + gamma max over a' open in s' of Q_{k-1}(s', a'),   0 for the second term after the last decision

so that Q_k looks k decisions ahead, and each round is a regression on targets that stand still (Ernst, Geurts &
Wehenkel 2005, jmlr.org/papers/v6/ernst05a.html), which held-out students can tell the end of. The target network of
deep Q-learning is the network of the round before; it starts a round where it ended the one before. Rewards are
divided by their standard deviation in the fitting part, so that settings mean the same in every unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from curriculum_rl.agents.networks.network import mask_logits
from curriculum_rl.agents.offline import Offline, Regression, Rows
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class OfflineQ(Offline):
    """Settings as in `Offline`, and these.

    Attributes:
        rounds: decisions looked ahead, at most as many as the longest course of the log has.
        gamma: discount of a decision.
    """

    passes: int = 5
    patience: int = 1
    rounds: int = 10
    gamma: float = 0.98

    measure: ClassVar[str] = "half the squared error of temporal differences, and the penalty"

    def check(self, check: Violations) -> None:
        """Notes settings that are out of range."""
        super().check(check)
        check.number("rounds", self.rounds, at_least=1, whole=True)
        check.number("gamma", self.gamma, at_least=0.0, at_most=1.0)

    def iterate(self, regression: Regression, actor: nn.Module) -> None:
        """Fits the actor to its own targets, round by round."""
        parts = regression.fitting, regression.held_out
        unit = float(regression.fitting.transitions.reward.std()) or 1.0
        rounds = min(self.rounds, regression.fitting.transitions.longest)
        for k in range(1, rounds + 1):
            for rows in parts:
                rows.target = self.targets(rows, actor, unit, first=k == 1)
            regression.fit(actor, self.loss, f"round {k} of {rounds}")

    def targets(self, rows: Rows, actor: nn.Module, unit: float, first: bool) -> Tensor:
        """y of every row, (N,)."""
        reward = rows.transitions.reward / unit
        if first:
            return torch.from_numpy(reward.astype(np.float32))
        worth = mask_logits(rows.said(actor), rows.open).amax(dim=1).numpy()
        return torch.from_numpy((reward + self.gamma * rows.transitions.following(worth)).astype(np.float32))

    def loss(self, said: Tensor, allowed: Tensor, action: Tensor, target: Tensor) -> Tensor:
        """Of each row, (n,)."""
        error = said.gather(1, action[:, None])[:, 0] - target
        return 0.5 * error.square()
