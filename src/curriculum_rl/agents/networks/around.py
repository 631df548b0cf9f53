"""What a network that is built from another one has of it: all but the actor."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import Network


@dataclass(frozen=True)
class Around:
    """Attributes:
    network: the other one.
    """

    network: Network

    @property
    def portable(self) -> bool:
        """As its network is."""
        return self.network.portable

    def inputs(self, layout: Layout) -> nn.Module:
        """As its network's."""
        return self.network.inputs(layout)

    def critic(self, layout: Layout) -> nn.Module:
        """As its network's."""
        return self.network.critic(layout)

    def action_critic(self, layout: Layout) -> nn.Module:
        """As its network's."""
        return self.network.action_critic(layout)
