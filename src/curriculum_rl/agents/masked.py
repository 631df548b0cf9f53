"""The policies that stable-baselines3 trains: a masked categorical over activities, without its Distribution objects.

Building and checking a Distribution for every batch took half of the learner's time. Here a mask is added to the
logits, and log-probability and entropy are read off one log-softmax.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import Schedule
from torch import Tensor, nn

from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import Network, mask_logits
from curriculum_rl.agents.sight import Observation, joined, seen_of, with_sight

Mask = np.ndarray | Tensor | None
ADAM_EPS = 1e-5
"""As in the PPO of Schulman et al. (2017) and all its descendants: it damps steps while gradients are tiny."""


def categorical(logits: Tensor, mask: Mask = None) -> Tensor:
    """Log-probabilities, (n, A); about -1e9 where masked, so that exp gives exactly 0."""
    if mask is not None:
        logits = mask_logits(logits, torch.as_tensor(mask, device=logits.device).view_as(logits))
    return torch.log_softmax(logits, dim=1)


def entropy_of(log_probabilities: Tensor) -> Tensor:
    """In nats, (n,)."""
    return -(log_probabilities.exp() * log_probabilities).sum(dim=1)


def draw(log_probabilities: Tensor) -> Tensor:
    """One activity a row by inverse distribution function, (n,): never one of probability 0."""
    total = log_probabilities.exp().cumsum(dim=1)
    # Below 1 by more than a rounding, so that the product stays below the total.
    u = torch.rand(len(total), 1, device=total.device).clamp_(max=1.0 - 2.0**-23)
    return (total <= u * total[:, -1:]).sum(dim=1)


def adam(learning_rate: float, *modules: nn.Module) -> torch.optim.Optimizer:
    """The optimiser of these parts of a policy."""
    weights = [parameter for module in modules for parameter in module.parameters()]
    return torch.optim.Adam(weights, lr=learning_rate, eps=ADAM_EPS, foreach=True)


class _MaskedCategorical:
    """What both policies below do alike, whether or not the algorithm knows of masks."""

    inputs: nn.Module
    actor: nn.Module
    critic_inputs: nn.Module
    critic: nn.Module

    def _assemble(self, schedule: Schedule, network: Network, layout: Layout, sight: bool) -> None:
        wide = with_sight(layout) if sight else layout
        self.layout, self.sight = layout, sight
        self.inputs, self.actor, self.critic = (
            network.inputs(layout),
            network.actor(layout),
            self._critic(network, wide),
        )
        self.critic_inputs = network.inputs(wide) if sight else self.inputs
        self.optimizer = adam(schedule(1.0), self.actor, self.critic)

    def _critic(self, network: Network, layout: Layout) -> nn.Module:
        return network.critic(layout)

    def read(self, obs: Observation) -> tuple[Tensor, Tensor]:
        """What the actor reads, and what critics read; one and the same without sight."""
        seen = self.inputs(seen_of(obs))
        return seen, self.critic_inputs(joined(obs, self.layout)) if self.sight else seen

    def forward(
        self, obs: Observation, deterministic: bool = False, action_masks: Mask = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Activities drawn (or the likeliest), values, and the log-probabilities of the activities."""
        seen, read = self.read(obs)
        log = categorical(self.actor(seen), action_masks)
        activity = log.argmax(dim=1) if deterministic else draw(log)
        return activity, self.value(read), log.gather(1, activity[:, None])[:, 0]

    def evaluate_actions(
        self, obs: Observation, actions: Tensor, action_masks: Mask = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Values, log-probabilities of these activities, entropies."""
        seen, read = self.read(obs)
        log = categorical(self.actor(seen), action_masks)
        return self.value(read), log.gather(1, actions.long()[:, None])[:, 0], entropy_of(log)

    def predict_values(self, obs: Observation) -> Tensor:
        """The critic's values, (n, 1)."""
        return self.value(self.critic_inputs(joined(obs, self.layout)))

    def value(self, read: Tensor) -> Tensor:
        """The same, from what critics read."""
        value: Tensor = self.critic(read)
        return value

    def _predict(self, observation: Observation, deterministic: bool = False, action_masks: Mask = None) -> Tensor:
        log = categorical(self.actor(self.inputs(seen_of(observation))), action_masks)
        return log.argmax(dim=1) if deterministic else draw(log)


class MaskedPolicy(_MaskedCategorical, MaskableActorCriticPolicy):
    """For sb3-contrib's MaskablePPO."""

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Schedule,
        network: Network,
        layout: Layout,
        sight: bool = False,
    ) -> None:
        self._parts = (network, layout, sight)
        super().__init__(observation_space, action_space, lr_schedule)

    def _build(self, lr_schedule: Schedule) -> None:
        self._assemble(lr_schedule, *self._parts)


class UnmaskedPolicy(_MaskedCategorical, ActorCriticPolicy):
    """For stable-baselines3's PPO, which never gives a mask."""

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Schedule,
        network: Network,
        layout: Layout,
        sight: bool = False,
        use_sde: bool = False,
    ) -> None:
        self._parts = (network, layout, sight)
        super().__init__(observation_space, action_space, lr_schedule)

    def _build(self, lr_schedule: Schedule) -> None:
        self._assemble(lr_schedule, *self._parts)
