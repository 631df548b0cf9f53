"""PPO that also learns from the activities that were not taken: the agent that plans without searching.

A second critic values every activity, and with the first one sees the true state while it trains (`sight.py`). With
pi_old the policy of the rollout, all sums over the allowed activities,

    A_Q(s, a) = Q(s, a) - sum_b pi_old(b|s) Q(s, b)
    target(a|s)  ~  pi_old(a|s) exp(clip(step A_Q(s, a) / sigma, -most, most)),   sigma^2 = E_s,a~pi_old [A_Q^2]

    minimise  - E[min(r A, clip(r, 1 - c, 1 + c) A)] - b H          PPO on the activity taken, A of `gae_lambda`
              + improve E[- sum_a target(a|s) log pi(a|s)]          towards the better of all activities
              + value E[(V - R)^2]
              + action_value E[(A_Q(s, a taken) - A')^2]            A' the advantage of `action_lambda`

The target is the clipped MPO policy of Hessel et al. (2021), arXiv:2104.06159, with an advantage that is learned from
the truth rather than from a model; Grill et al. (2020), arXiv:2007.12509, show why to regularise towards it. A choice
among 80 activities is sampled once, so PPO alone hears of one in 80; here all of them are compared at every state.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from sb3_contrib import MaskablePPO as Algorithm
from sb3_contrib.common.maskable.buffers import MaskableDictRolloutBuffer, MaskableRolloutBuffer
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.type_aliases import Schedule
from torch import Tensor, nn

from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.maskable_ppo import MaskablePPO
from curriculum_rl.agents.masked import ADAM_EPS, MaskedPolicy, categorical, entropy_of
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.on_policy import seed_of
from curriculum_rl.agents.sight import Observation, seen_of, with_sight
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class AllActionPPO(MaskablePPO):
    """Settings as in `OnPolicy`, and those of the loss above.

    Attributes:
        action_lambda: of the advantages that the second critic learns.
        improve: weight of the cross-entropy towards the improved policy; 0 leaves PPO with a critic more.
        step: how far the target moves with the advantages, in their standard deviations.
        most: how far it moves at most, nats.
        action_value: weight of the second critic's error.
        critic_gradient_norm: longer gradients of the critics are shortened to this; `gradient_norm` is the actor's.
    """

    batch: int = 2048
    action_lambda: float = 0.9
    improve: float = 1.0
    step: float = 0.5
    most: float = 1.0
    action_value: float = 2.0
    critic_gradient_norm: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check = Violations("all-action ppo")
        check.number("action_lambda", self.action_lambda, at_least=0.0, at_most=1.0)
        for name in ("improve", "step", "action_value"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=100.0)
        check.number("most", self.most, above=0.0, at_most=100.0)
        check.number("critic_gradient_norm", self.critic_gradient_norm, above=0.0)
        check.raise_all()

    def algorithm(self, lanes: Lanes, policy: dict[str, Any], seed: int) -> OnPolicyAlgorithm:
        """sb3-contrib's rollouts and schedules, with the losses above."""
        mapping = isinstance(lanes.observation_space, spaces.Dict)
        return _AllAction(
            _Policy,
            lanes,
            policy_kwargs=policy,
            seed=seed_of(seed),
            rollout_buffer_class=_DictBuffer if mapping else _Buffer,
            rollout_buffer_kwargs={"action_lambda": self.action_lambda},
            loss=self,
            **self.settings(),
        )


class _Policy(MaskedPolicy):
    """With a critic of every activity."""

    def _assemble(self, schedule: Schedule, network: Network, layout: Layout, sight: bool) -> None:
        super()._assemble(schedule, network, layout, sight)
        self.action_critic = network.actor(with_sight(layout) if sight else layout)
        parts: tuple[nn.Module, ...] = (self.actor, self.critic, self.action_critic)
        weights = [weight for part in parts for weight in part.parameters()]
        self.optimizer = torch.optim.Adam(weights, lr=schedule(1.0), eps=ADAM_EPS, foreach=True)

    def log_policy(self, observation: Observation, mask: Tensor | None) -> Tensor:
        """Log-probabilities of all activities, (n, A)."""
        return categorical(self.actor(self.inputs(seen_of(observation))), mask)


class _TwoLambdas(RolloutBuffer):
    """With advantages of two lambdas: PPO's own, and `for_actions` for the second critic."""

    action_masks: np.ndarray[Any, Any]

    def __init__(self, *arguments: Any, action_lambda: float, **settings: Any) -> None:
        self.action_lambda = action_lambda
        super().__init__(*arguments, **settings)

    def compute_returns_and_advantage(self, last_values: Tensor, dones: np.ndarray[Any, Any]) -> None:
        own = self.gae_lambda
        self.gae_lambda = self.action_lambda
        super().compute_returns_and_advantage(last_values, dones)
        self.for_actions = self.advantages.copy()
        self.gae_lambda = own
        super().compute_returns_and_advantage(last_values, dones)


class _Buffer(_TwoLambdas, MaskableRolloutBuffer):
    """Of observations that are arrays."""


class _DictBuffer(_TwoLambdas, MaskableDictRolloutBuffer):
    """Of observations that hold the truth too."""


class _AllAction(Algorithm):
    """MaskablePPO with another `train`."""

    policy: _Policy

    def __init__(self, *arguments: Any, loss: AllActionPPO, **settings: Any) -> None:
        self.loss = loss
        super().__init__(*arguments, **settings)

    def train(self) -> None:
        """Epochs over the rollout, in batches drawn without replacement."""
        self._update_learning_rate(self.policy.optimizer)
        lanes, buffer = self.env, self.rollout_buffer
        assert isinstance(lanes, Lanes)
        assert isinstance(buffer, _TwoLambdas)
        rollout = _Rollout.of(buffer, masked=lanes.env.gate is not None)
        with torch.no_grad():
            parts = map(rollout.rows, self._batches(torch.arange(len(rollout.actions))))
            rollout = replace(rollout, old=torch.cat([self.policy.log_policy(part.seen, part.mask) for part in parts]))
        for _ in range(self.n_epochs):
            for rows in self._batches(torch.randperm(len(rollout.actions))):
                self._update(rollout.rows(rows))
            self._n_updates += 1

    def _batches(self, rows: Tensor) -> tuple[Tensor, ...]:
        return torch.split(rows, self.batch_size or len(rows))

    def _update(self, batch: _Rollout) -> None:
        """One step of gradient."""
        policy, settings = self.policy, self.loss
        seen, read = policy.read(batch.observation)
        log = categorical(policy.actor(seen), batch.mask)
        advantage = centred(policy.action_critic(read), batch.old)
        actor = self._surrogate(log, batch) - self.ent_coef * entropy_of(log).mean()
        if settings.improve > 0:
            target = improved(batch.old, advantage.detach(), settings.step, settings.most)
            actor = actor - settings.improve * (target * log).sum(dim=1).mean()
        of_state = nn.functional.mse_loss(policy.critic(read)[:, 0], batch.returns)
        of_action = nn.functional.mse_loss(_at(advantage, batch.actions), batch.for_actions)
        policy.optimizer.zero_grad()
        torch.autograd.backward(actor + settings.value * of_state + settings.action_value * of_action)
        nn.utils.clip_grad_norm_(policy.actor.parameters(), settings.gradient_norm)
        for critic in (policy.critic, policy.action_critic):
            nn.utils.clip_grad_norm_(critic.parameters(), settings.critic_gradient_norm)
        policy.optimizer.step()

    def _surrogate(self, log: Tensor, batch: _Rollout) -> Tensor:
        """PPO's loss on the activities taken."""
        clip, advantages = self.loss.clip, batch.advantages
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        ratio = (_at(log, batch.actions) - _at(batch.old, batch.actions)).exp()
        return -torch.min(advantages * ratio, advantages * ratio.clamp(1.0 - clip, 1.0 + clip)).mean()


def centred(values: Tensor, log_policy: Tensor) -> Tensor:
    """A_Q from Q: less its mean under the policy, (n, A)."""
    return values - (log_policy.exp() * values).sum(dim=1, keepdim=True)


def improved(log_policy: Tensor, advantage: Tensor, step: float, most: float) -> Tensor:
    """The target policy, (n, A): rows sum to 1, and 0 stays 0."""
    sigma = (log_policy.exp() * advantage**2).sum(dim=1).mean().sqrt()
    return torch.softmax(log_policy + (step * advantage / (sigma + 1e-8)).clamp(-most, most), dim=1)


def _at(table: Tensor, actions: Tensor) -> Tensor:
    return table.gather(1, actions[:, None])[:, 0]


@dataclass(frozen=True)
class _Rollout:
    """What was played, n student-steps of all lanes."""

    seen: Tensor  # (n, F)
    truth: Tensor | None  # (n, T)
    mask: Tensor | None  # (n, A)
    actions: Tensor  # (n,)
    advantages: Tensor  # (n,)
    for_actions: Tensor  # (n,)
    returns: Tensor  # (n,)
    old: Tensor  # (n, A) log-probabilities under the policy that played

    @classmethod
    def of(cls, buffer: _TwoLambdas, masked: bool) -> _Rollout:
        """All but `old`."""

        def tensor(array: np.ndarray[Any, Any]) -> Tensor:
            return torch.from_numpy(array.reshape(-1, *array.shape[2:]))

        seen: Any = buffer.observations
        mapping = isinstance(seen, dict)
        return cls(
            seen=tensor(seen["seen"] if mapping else seen),
            truth=tensor(seen["truth"]) if mapping else None,
            mask=tensor(buffer.action_masks) if masked else None,
            actions=tensor(buffer.actions)[:, 0].long(),
            advantages=tensor(buffer.advantages),
            for_actions=tensor(buffer.for_actions),
            returns=tensor(buffer.returns),
            old=torch.empty(0),
        )

    @property
    def observation(self) -> Observation:
        return self.seen if self.truth is None else {"seen": self.seen, "truth": self.truth}

    def rows(self, rows: Tensor) -> _Rollout:
        """These student-steps alone."""
        parts = ((f.name, getattr(self, f.name)) for f in fields(self))
        return _Rollout(**{name: part[rows] if part is not None and len(part) else part for name, part in parts})
