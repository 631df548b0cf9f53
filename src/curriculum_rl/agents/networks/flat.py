"""A flat multilayer perceptron over all features: fast, and bound to the concepts that it was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from torch import nn

from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import SMALL, linear
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Flat:
    """Attributes:
    hidden: units of each hidden layer, of the actor and of the critic.
    """

    portable: ClassVar[bool] = False

    hidden: tuple[int, ...] = (64, 64)

    def __post_init__(self) -> None:
        check = Violations("flat network")
        check.that(self.hidden, "hidden = []: must hold at least one layer, such as hidden=[64,64]")
        check.each("hidden", self.hidden, at_least=1, at_most=4096)
        check.raise_all()

    def inputs(self, layout: Layout) -> nn.Module:
        """Observations as they are."""
        return nn.Identity()

    def actor(self, layout: Layout) -> nn.Module:
        """A logit of each action."""
        return self._layers(layout, layout.actions, SMALL)

    def critic(self, layout: Layout) -> nn.Module:
        """The value."""
        return self._layers(layout, 1, 1.0)

    def action_critic(self, layout: Layout) -> nn.Module:
        """The value, and that of each action."""
        return self._layers(layout, 1 + layout.actions, 1.0)

    def _layers(self, layout: Layout, outputs: int, gain: float) -> nn.Module:
        layers: list[nn.Module] = []
        for before, after in pairwise((layout.features, *self.hidden)):
            layers += [linear(before, after), nn.ReLU(inplace=True)]
        return nn.Sequential(*layers, linear(self.hidden[-1], outputs, gain))
