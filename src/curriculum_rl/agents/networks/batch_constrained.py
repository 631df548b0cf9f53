"""Two networks of a kind, side by side: the values of activities, and how likely each was in a log.

    open(s) = { a allowed in s:  G(a | s) / max over allowed b of G(b | s)  >=  threshold }

and the policy takes the activity of greatest value among those. Fujimoto, Conti, Ghavamzadeh & Pineau (2019),
arXiv:1910.01708, where the two share their first layers; here they share nothing, so that each can end when held-out
students say so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from curriculum_rl.agents.networks.around import Around
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import MASKED, mask_logits
from curriculum_rl.batch import Bool
from curriculum_rl.trackers.tracker import Float32
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class BatchConstrained(Around):
    """Attributes:
    network: what both are built from.
    threshold: of the relative probability; 0 lets everything through, 1 the likeliest alone.
    """

    threshold: float = 0.3

    def __post_init__(self) -> None:
        check = Violations("batch-constrained network")
        check.number("threshold", self.threshold, at_least=0.0, at_most=1.0)
        check.raise_all()

    def actor(self, layout: Layout) -> nn.Module:
        """To the value of each action, then the logit of its logged probability, (n, 2 (A + C))."""
        return Beside(self.network.actor(layout), self.network.actor(layout))

    def narrowed(self, said: Float32, mask: Bool) -> Bool:
        """What may be chosen by what the actor says, (n, A): at least one of what the mask allows."""
        masked = np.where(mask, said[:, said.shape[1] // 2 :][:, : mask.shape[1]], np.float32(-MASKED))
        narrow: Bool = mask & (masked - masked.max(axis=1, keepdims=True) >= np.float32(self.floor))
        return narrow

    @property
    def floor(self) -> float:
        """The least logit below the greatest that is let through."""
        return math.log(self.threshold) if self.threshold > 0.0 else -math.inf

    def likely(self, logits: Tensor, allowed: Tensor) -> Tensor:
        """open(s), (n, A)."""
        masked = mask_logits(logits, allowed)
        return allowed & (masked - masked.amax(dim=1, keepdim=True) >= self.floor)


class Beside(nn.Module):
    """Values and logits of the behaviour, by two modules that read the same."""

    def __init__(self, values: nn.Module, behaviour: nn.Module) -> None:
        super().__init__()
        self.values, self.behaviour = values, behaviour

    def forward(self, read: Tensor) -> Tensor:
        """One beside the other."""
        return torch.cat([self.values(read), self.behaviour(read)], dim=1)
