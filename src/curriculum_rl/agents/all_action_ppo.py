"""PPO that also learns from the activities that were not taken.

The critic values every activity beside the state, and with sight it knows the truth while it trains (`sight.py`). With
pi_old the policy of the rollout, r_b = pi(b|s) / pi_old(b|s), S(r, x) = min(r x, clip(r, 1 - c, 1 + c) x), and sums
over the allowed activities b,

    A_Q(s, b) = Q(s, b) - sum_b' pi_old(b'|s) Q(s, b')

    minimise  - E[share sum_b pi_old(b|s) S(r_b, A_Q(s, b)) + S(r_a, A - share A_Q(s, a))] / sd(A) - b H
              + value E[(V - R)^2] + action_value E[(A_Q(s, a) - A')^2]

for the activity a taken, with A the advantage of `gae_lambda`, less its mean over the rollout, and A' that of
`action_lambda`. At share = 0 the actor's loss is PPO's. At share = 1 the first term compares all activities by the
critic, and the second one puts right what the critic has wrong, by the activity that was taken: a doubly robust
gradient, which at r = 1 a Q fixed beforehand does not bias, whatever it says. (A baseline that depends on the action:
Gu et al. 2017, arXiv:1611.02247; the sum over all actions: Ciosek & Whiteson 2018, arXiv:1706.05374.) A choice among 80
activities is sampled once, so PPO hears of one in 80; a Q that has learned from many states where the others were taken
speaks for them.
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
from torch import Tensor, nn

from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.maskable_ppo import MaskablePPO
from curriculum_rl.agents.masked import MaskedPolicy, categorical, entropy_of
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.on_policy import seed_of
from curriculum_rl.agents.sight import Observation, seen_of
from curriculum_rl.violations import Violations

PART = 512
"""Student-steps whose gradients are found at a time: more of them leave the cache, and take longer each."""


@dataclass(frozen=True)
class AllActionPPO(MaskablePPO):
    """Settings as in `OnPolicy`, and those of the loss above.

    Attributes:
        all_actions: the share above, in [0, 1].
        action_lambda: of the advantages that the values of activities learn.
        action_value: weight of their error.
        critic_gradient_norm: longer gradients of the critic are shortened to this; `gradient_norm` is the actor's.
    """

    gae_lambda: float = 0.97
    all_actions: float = 1.0
    action_lambda: float = 0.9
    action_value: float = 2.0
    critic_gradient_norm: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check = Violations("all-action ppo")
        for name in ("all_actions", "action_lambda"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=1.0)
        check.number("action_value", self.action_value, at_least=0.0, at_most=100.0)
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
    """Whose critic values every activity too, (n, 1 + A)."""

    def _critic(self, network: Network, layout: Layout) -> nn.Module:
        return network.action_critic(layout)

    def value(self, read: Tensor) -> Tensor:
        """That of the state, (n, 1)."""
        return super().value(read)[:, :1]

    def log_policy(self, observation: Observation, mask: Tensor | None) -> Tensor:
        """Log-probabilities of all activities, (n, A)."""
        return categorical(self.actor(self.inputs(seen_of(observation))), mask)


class _TwoLambdas(RolloutBuffer):
    """With advantages of two lambdas: PPO's own, and `for_actions` for the values of activities."""

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
        rollout = _Rollout.of(buffer, masked=lanes.env.masked)
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
        """One step of gradient, gathered from parts that fit the cache."""
        policy, settings = self.policy, self.loss
        policy.optimizer.zero_grad()
        for rows in torch.split(torch.arange(len(batch.actions)), PART):
            torch.autograd.backward(self._loss(batch.rows(rows)) * (len(rows) / len(batch.actions)))
        nn.utils.clip_grad_norm_(policy.actor.parameters(), settings.gradient_norm)
        nn.utils.clip_grad_norm_(policy.critic.parameters(), settings.critic_gradient_norm)
        policy.optimizer.step()

    def _loss(self, part: _Rollout) -> Tensor:
        """What is minimised, on average over these student-steps."""
        policy, settings = self.policy, self.loss
        seen, read = policy.read(part.observation)
        log, values = categorical(policy.actor(seen), part.mask), policy.critic(read)
        valued = centred(values[:, 1:], part.old)
        share = settings.all_actions * valued.detach()
        actor = surrogate(log, part.old, share, part.advantages, part.actions, settings.clip) / part.spread
        of_state = nn.functional.mse_loss(values[:, 0], part.returns)
        of_action = nn.functional.mse_loss(_at(valued, part.actions), part.for_actions)
        of_critic = settings.value * of_state + settings.action_value * of_action
        return actor - self.ent_coef * entropy_of(log).mean() + of_critic


def centred(values: Tensor, log_policy: Tensor) -> Tensor:
    """A_Q from Q: less its mean under the policy, (n, A)."""
    return values - (log_policy.exp() * values).sum(dim=1, keepdim=True)


def surrogate(log: Tensor, old: Tensor, valued: Tensor, advantage: Tensor, taken: Tensor, clip: float) -> Tensor:
    """What the actor minimises, but for the entropy.

    Args:
        log, old: log-probabilities of the present policy and of the one that played, (n, A).
        valued: share A_Q, (n, A).
        advantage: of the activities taken, (n,), 0 on average.
        taken: those activities, (n,).
        clip: c.
    """
    # Where both are masked the difference is a rounding error of 1e9; a likelier choice than exp(20) is clipped anyway.
    ratio = (log - old).clamp(max=20.0).exp()
    of_all = (old.exp() * _clipped(ratio, valued, clip)).sum(dim=1)
    of_taken = _clipped(_at(ratio, taken), advantage - _at(valued, taken), clip)
    return -(of_all + of_taken).mean()


def _clipped(ratio: Tensor, advantage: Tensor, clip: float) -> Tensor:
    return torch.min(ratio * advantage, ratio.clamp(1.0 - clip, 1.0 + clip) * advantage)


def _at(table: Tensor, actions: Tensor) -> Tensor:
    return table.gather(1, actions[:, None])[:, 0]


@dataclass(frozen=True)
class _Rollout:
    """What was played, n student-steps of all lanes."""

    seen: Tensor  # (n, F)
    truth: Tensor | None  # (n, T)
    mask: Tensor | None  # (n, A)
    actions: Tensor  # (n,)
    advantages: Tensor  # (n,), 0 on average over the rollout
    spread: float  # their standard deviation over the rollout
    for_actions: Tensor  # (n,)
    returns: Tensor  # (n,)
    old: Tensor  # (n, A) log-probabilities under the policy that played; none before they are known

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
            advantages=tensor(buffer.advantages - buffer.advantages.mean()),
            spread=float(buffer.advantages.std()) + 1e-8,
            for_actions=tensor(buffer.for_actions),
            returns=tensor(buffer.returns),
            old=torch.empty(0),
        )

    @property
    def observation(self) -> Observation:
        return self.seen if self.truth is None else {"seen": self.seen, "truth": self.truth}

    def rows(self, rows: Tensor) -> _Rollout:
        """These student-steps alone."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        chosen: dict[str, Any] = {name: x[rows] for name, x in parts.items() if isinstance(x, Tensor) and len(x)}
        return replace(self, **chosen)
