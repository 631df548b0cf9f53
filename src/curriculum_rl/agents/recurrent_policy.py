"""The policy that sb3-contrib's RecurrentPPO trains: the masked categorical of `masked.py`, with a memory.

What was remembered of each student is a belief (`recurrent_tracker.py`), in training as afterwards, and comes with the
observations (`recurrent_lanes.py`); so RecurrentPPO is left nothing to carry from step to step, but the sequences that
its buffer makes. For the gradient, the memory is folded once more along each sequence, from what was believed at its
first step. The critic reads what is true, where it has sight; else what is remembered, and teaches the memory nothing.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from gymnasium import spaces
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import Schedule
from torch import Tensor, nn

from curriculum_rl.agents.masked import adam, categorical, draw, entropy_of
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.memory import Memory, with_memory
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.sight import joined, with_sight

Observed = dict[str, Tensor]
"""As `recurrent_lanes.py` gives it."""

Carried = tuple[Tensor, ...]
"""What RecurrentPPO carries along, of which nothing is used but the number of sequences."""


class RecurrentPolicy(RecurrentActorCriticPolicy):
    """Args:
    layout: of what is seen, without memory and mask.
    sight: whether the critic sees the truth.
    memory: what the lanes' tracker folds with.
    """

    critic: nn.Module  # type: ignore[assignment]
    lstm_actor = SimpleNamespace(num_layers=1, hidden_size=1)  # type: ignore[assignment]
    """Of what RecurrentPPO is to carry along: one number, the least that it can."""

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Schedule,
        network: Network,
        layout: Layout,
        sight: bool,
        memory: Memory,
        use_sde: bool = False,
    ) -> None:
        self._made_of = (network, layout, sight, memory)
        # The __init__ of sb3-contrib's would add networks of its own to those of `_build`.
        ActorCriticPolicy.__init__(self, observation_space, action_space, lr_schedule)

    def _build(self, lr_schedule: Schedule) -> None:
        network, layout, self.sight, memory = self._made_of
        wide = with_memory(layout, memory.units, memory.by_concept)
        read = with_sight(layout) if self.sight else wide
        self.layout, self.features, self.memory = layout, wide.features, memory
        self.inputs, self.actor = network.inputs(wide), network.actor(wide)
        self.critic_inputs, self.critic = network.inputs(read), network.critic(read)
        self.optimizer = adam(lr_schedule(1.0), self.memory, self.actor, self.critic)

    def judged(self, obs: Observed, sequences: int) -> tuple[Tensor, Tensor]:
        """Log-probabilities of all activities, (n, A), and values, (n, 1), of so many sequences in a row."""
        seen, mask = obs["seen"][:, : self.features], obs["seen"][:, self.features :]
        now, believed = self.memory.apart(seen)
        hidden = self._remembered(now, believed, obs["cell"], sequences)
        log = categorical(self.actor(self.inputs(self.memory.beside(now, hidden))), mask)
        read = joined({**obs, "seen": now}, self.layout) if self.sight else self.memory.beside(now, hidden.detach())
        return log, self.critic(self.critic_inputs(read))

    def _remembered(self, now: Tensor, believed: Tensor, cell: Tensor, sequences: int) -> Tensor:
        """h of every step, (n, width): as believed at the first of a sequence, and folded from there on."""
        steps = len(now) // sequences
        if steps == 1:
            return believed
        x = now[:, : self.memory.features].view(sequences, steps, -1).transpose(0, 1)
        h, c = (state.view(sequences, steps, -1).transpose(0, 1) for state in (believed, cell[:, :-1]))
        events = cell[:, -1].view(sequences, steps).T
        chained = events[1:] == events[:-1] + 1.0
        if (chained | (events[1:] == 0.0)).all():  # 0: padding, of which nothing is asked
            folded, _ = self.memory(x[1:], (h[0], c[0]))
            return torch.cat([h[:1], folded]).transpose(0, 1).flatten(0, 1)
        out, states = [h[0]], (h[0], c[0])
        for step in range(1, steps):
            _, after = self.memory(x[step : step + 1], states)
            once = chained[step - 1][:, None]
            states = (torch.where(once, after[0], h[step]), torch.where(once, after[1], c[step]))
            out.append(states[0])
        return torch.stack(out).transpose(0, 1).flatten(0, 1)

    def forward(  # type: ignore[override]
        self, obs: Observed, lstm_states: RNNStates, episode_starts: Tensor, deterministic: bool = False
    ) -> tuple[Tensor, Tensor, Tensor, RNNStates]:
        """Activities drawn (or the likeliest), values, the log-probabilities of the activities, and the states."""
        log, value = self.judged(obs, len(episode_starts))
        activity = log.argmax(dim=1) if deterministic else draw(log)
        return activity, value, log.gather(1, activity[:, None])[:, 0], lstm_states

    def evaluate_actions(  # type: ignore[override]
        self, obs: Observed, actions: Tensor, lstm_states: RNNStates, episode_starts: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Values, log-probabilities of these activities, entropies."""
        log, value = self.judged(obs, lstm_states.pi[0].shape[1])
        return value, log.gather(1, actions.long()[:, None])[:, 0], entropy_of(log)

    def predict_values(  # type: ignore[override]
        self, obs: Observed, lstm_states: Carried, episode_starts: Tensor
    ) -> Tensor:
        """The critic's values, (n, 1)."""
        return self.judged(obs, len(episode_starts))[1]

    def _predict(  # type: ignore[override]
        self, observation: Observed, lstm_states: Carried, episode_starts: Tensor, deterministic: bool = False
    ) -> tuple[Tensor, Carried]:
        log, _ = self.judged(observation, len(episode_starts))
        return log.argmax(dim=1) if deterministic else draw(log), lstm_states
