"""Several values of each activity, from any network: quantiles of what it may bring, with their mean as the choice.

The network is built for a catalogue in which every activity stands `count` times, each copy of a form of its own: so
the copies of an activity share the body, and differ by the last layer alone. What the concept scorer reads off an
activity's difference from the mean of its form moves all its quantiles alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from curriculum_rl.agents.networks.around import Around
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Quantiles(Around):
    """Attributes:
    network: what is repeated.
    count: values of each activity, N.
    """

    count: int

    def __post_init__(self) -> None:
        check = Violations("quantiles")
        check.number("count", self.count, at_least=2, at_most=1000)
        check.raise_all()

    def actor(self, layout: Layout) -> Averaged:
        """The mean of each action's values."""
        return Averaged(self.network.actor(repeated(layout, self.count)), self.count, layout.activities)


class Averaged(nn.Module):
    """Values of each copy of an activity and of a control, and their mean."""

    def __init__(self, copies: nn.Module, count: int, activities: int) -> None:
        super().__init__()
        self.copies, self.count, self.activities = copies, count, activities

    def forward(self, read: Tensor) -> Tensor:
        """The mean, (n, A + C)."""
        return self.each(read).mean(dim=1)

    def each(self, read: Tensor) -> Tensor:
        """All of them, (n, N, A + C): the copies of activities come first, then those of controls."""
        values: Tensor = self.copies(read)
        first = self.count * self.activities
        parts = [part.reshape(len(values), self.count, -1) for part in (values[:, :first], values[:, first:])]
        return torch.cat(parts, dim=2) if values.shape[1] > first else parts[0]


def repeated(layout: Layout, count: int) -> Layout:
    """The layout of a catalogue that lists all activities so many times, each time under new forms."""
    again = np.repeat(np.arange(count), layout.activities) * layout.forms
    return replace(
        layout,
        concept=np.tile(layout.concept, count),
        share=np.tile(layout.share, count),
        form=np.tile(layout.form, count) + again,
        forms=layout.forms * count,
        within=np.tile(layout.within, (count, 1)),
        controls=layout.controls * count,
    )
