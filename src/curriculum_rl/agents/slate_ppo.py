"""PPO that learns what to offer together: an action is an ordered slate of m distinct allowed activities.

From the logits l of any network, a slate is drawn place by place, without replacement: with S_j what is allowed and not
yet offered,

    P(a_1, ..., a_m) = prod_j exp(l_{a_j}) / sum of exp(l_b) over b in S_j

which is the Plackett-Luce model of rankings (Luce 1959, "Individual choice behavior"; Plackett 1975,
doi:10.2307/2346567), cut off after m places. Which is what `offer` of `evaluation/rollout.py` draws of the same network
once it is learned. The ratio of the loss in `on_policy.py` is that of whole slates; by the chain rule of entropy,

    H = sum_j E[entropy of place j, given the places before it]

and H is estimated, without bias, by the entropies along the slate that was played. The gradient of its bonus is that of
each place, with the places before it as they were. At m = 1 all of this is maskable PPO, number for number. Where fewer
than m activities are allowed, the first offer fills the places that are left, with probability 1, as `offer` does.

A student takes one of what is offered, by a will of their own (`students/choice.py`), and the reward is of that alone:
so what is worth offering second depends on what stands first, and only the slate as a whole has an advantage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from gymnasium import spaces
from sb3_contrib import MaskablePPO as Algorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from torch import Tensor

from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.maskable_ppo import MaskablePPO
from curriculum_rl.agents.masked import Mask, MaskedPolicy, categorical, draw, entropy_of
from curriculum_rl.agents.on_policy import seed_of
from curriculum_rl.agents.sight import Observation, seen_of
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class SlatePPO(MaskablePPO):
    """Settings as in `OnPolicy`, and

    Attributes:
        slate: m, the activities that it learns to offer at a time, and offers wherever it plays; 1 learns as
            maskable PPO does, and offers as many as it is asked for.
    """

    slate: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        check = Violations("slate ppo")
        check.number("slate", self.slate, at_least=1, whole=True)
        check.raise_all()

    def algorithm(self, lanes: Lanes, policy: dict[str, Any], seed: int) -> OnPolicyAlgorithm:
        """sb3-contrib's, with the policy below."""
        return Algorithm(SlatePolicy, lanes, policy_kwargs=policy, seed=seed_of(seed), **self.settings())


class SlatePolicy(MaskedPolicy):
    """For sb3-contrib's MaskablePPO on lanes whose action is a slate, (n, m), or at m = 1 an activity, (n,)."""

    @property
    def places(self) -> int:
        """m."""
        space = self.action_space
        return len(space.nvec) if isinstance(space, spaces.MultiDiscrete) else 1

    def forward(
        self, obs: Observation, deterministic: bool = False, action_masks: Mask = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Slates drawn (or the likeliest, place by place), values, and the log-probabilities of the slates."""
        seen, read = self.read(obs)
        slates, log, _ = self._played(self.actor(seen), action_masks, _likeliest if deterministic else _drawn)
        return slates, self.value(read), log

    def evaluate_actions(
        self, obs: Observation, actions: Tensor, action_masks: Mask = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Values, log-probabilities of these slates, entropies along them."""
        seen, read = self.read(obs)
        slates = actions.long().view(-1, self.places)
        _, log, entropy = self._played(self.actor(seen), action_masks, lambda place, _: slates[:, place])
        return self.value(read), log, entropy

    def _predict(self, observation: Observation, deterministic: bool = False, action_masks: Mask = None) -> Tensor:
        logits = self.actor(self.inputs(seen_of(observation)))
        return self._played(logits, action_masks, _likeliest if deterministic else _drawn)[0]

    def _played(self, logits: Tensor, masks: Mask, choose: Choose) -> tuple[Tensor, Tensor, Tensor]:
        """Slates as the environment takes them, their log-probabilities, (n,), and the entropies along them, (n,)."""
        mask = None
        if masks is not None:  # once for each place, as the environment gives it
            mask = torch.as_tensor(masks, device=logits.device).view(len(logits), self.places, -1)[:, 0]
        slates, logs, entropies = [], [], []
        for log, chosen in placed(logits, mask, self.places, choose):
            slates.append(chosen)
            logs.append(log.gather(1, chosen[:, None])[:, 0])
            entropies.append(entropy_of(log))
        together = torch.stack(slates, dim=1) if self.places > 1 else slates[0]
        return together, torch.stack(logs).sum(dim=0), torch.stack(entropies).sum(dim=0)


Choose = Callable[[int, Tensor], Tensor]
"""From a place and its log-probabilities, (n, A), to the activity there, (n,)."""


def _drawn(place: int, log: Tensor) -> Tensor:
    return draw(log)


def _likeliest(place: int, log: Tensor) -> Tensor:
    return log.argmax(dim=1)


def placed(logits: Tensor, mask: Tensor | None, places: int, choose: Choose) -> Iterator[tuple[Tensor, Tensor]]:
    """Place by place: log-probabilities of what may stand there, (n, A), and what is chosen to, (n,).

    Args:
        logits: (n, A).
        mask: what is allowed, (n, A), 1 or true; None allows everything.
    """
    log = categorical(logits, mask)
    first = chosen = choose(0, log)
    yield log, chosen
    left = torch.ones_like(log, dtype=torch.bool) if mask is None else mask > 0
    for place in range(1, places):
        left = _left(left, chosen, first)
        log = categorical(logits, left)
        chosen = choose(place, log)
        yield log, chosen


def _left(allowed: Tensor, chosen: Tensor, first: Tensor) -> Tensor:
    """What may stand at the next place, (n, A): what is not offered yet, or else the first offer again."""
    left = allowed.scatter(1, chosen[:, None], False)
    again = torch.zeros_like(left).scatter(1, first[:, None], True)
    return torch.where(left.any(dim=1, keepdim=True), left, again)
