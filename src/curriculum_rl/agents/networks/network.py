"""What every network offers: how to build its parts for a world.

The parts are torch modules. `inputs` has no weights; it turns observations into what actor and critic read, once for
both of them. Actor and critic share nothing else, so that a poor value cannot spoil the choice.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from curriculum_rl.agents.networks.layout import Layout


class Network(Protocol):
    """A frozen dataclass of settings."""

    @property
    def portable(self) -> bool:
        """Whether the same weights mean the same in another curriculum."""

    def inputs(self, layout: Layout) -> nn.Module:
        """Observations (n, F) to what the other parts read."""

    def actor(self, layout: Layout) -> nn.Module:
        """To a logit (or the value) of each activity, then of each control, (n, A + C)."""

    def critic(self, layout: Layout) -> nn.Module:
        """To the value of the state, (n, 1)."""

    def action_critic(self, layout: Layout) -> nn.Module:
        """To the value of the state, and beside it of each action there, (n, 1 + A + C)."""


def linear(inputs: int, outputs: int, gain: float = 2.0**0.5, bias: bool = True) -> nn.Linear:
    """A layer with orthogonal weights of this gain, whose bias, if it has one, is 0 at first."""
    layer = nn.Linear(inputs, outputs, bias)
    nn.init.orthogonal_(layer.weight, gain)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


SMALL = 0.01
"""Gain of an actor's last layer: the first policy is close to uniform (Andrychowicz et al. 2021, arXiv:2006.05990)."""

MASKED = 1e9
"""What is taken off a masked logit: exp(-1e9) is exactly 0."""


def mask_logits(logits: Tensor, mask: Tensor) -> Tensor:
    """Logits with those of masked activities out of reach; `mask` is (n, A), 1 or true where allowed."""
    return logits + (mask.to(logits.dtype) - 1.0) * MASKED


def probabilities(logits: Tensor) -> Tensor:
    """Of each activity, (n, A) in float64, so that rows sum to 1 closely."""
    return torch.softmax(logits.double(), dim=1)
