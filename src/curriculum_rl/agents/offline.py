"""Learning from logged decisions alone: what all such methods do alike.

    minimise over weights   mean over fitting rows of loss(row)          by Adam (Kingma & Ba 2015, arXiv:1412.6980)
    keep the weights of the pass with the least   mean over held-out rows of loss(row)

A method says what its loss is. Networks, masks and trackers are those of every other agent; no world is played, and
no student of the held-out part is learned from. The same seed on the same machine gives the same weights.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from curriculum_rl.agents.learned import LearnedPolicy
from curriculum_rl.agents.masked import adam
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.on_policy import seed_of
from curriculum_rl.agents.resume import settled
from curriculum_rl.agents.transitions import Transitions
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.world import Platform

TOGETHER = 16_384
"""Rows at a time where nothing is learned from them."""

Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""Of each row, (n,), from what the network says (n, A), what is allowed (n, A), what was done (n,), a target (n,)."""


@dataclass(frozen=True)
class Pass:
    """What one pass over the fitting rows came to: `what` was fitted, to which mean losses; 0 is before the first."""

    what: str
    number: int
    loss: float
    held_out: float


Tell = Callable[[Pass], None]


def quietly(done: Pass) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Fitted:
    """A policy that was learned from a log, and every pass that it took."""

    policy: LearnedPolicy
    passes: tuple[Pass, ...]

    @property
    def held_out(self) -> float:
        """Loss of its weights on held-out students."""
        return min(one.held_out for one in self.passes if one.what == self.passes[-1].what)


@dataclass(frozen=True)
class Offline:
    """The base of the methods: frozen dataclasses with these settings among their own.

    Attributes:
        passes: over the fitting rows, at most, of each regression.
        patience: passes without a lesser loss on held-out students after which a regression ends.
        batch: rows of one gradient step.
        learning_rate: of Adam.
        gradient_norm: longer gradients are shortened to this.
        threads: of torch; 1 gives the same weights on every machine of a kind.
        rewarded: whether the method learns from rewards.
        measure: what its losses are, for people.
    """

    passes: int = 100
    patience: int = 5
    batch: int = 512
    learning_rate: float = 3e-3
    gradient_norm: float = 10.0
    threads: int = 1

    rewarded: ClassVar[bool] = True
    measure: ClassVar[str] = ""

    def __post_init__(self) -> None:
        check = Violations("offline learning")
        self.check(check)
        check.raise_all()

    def check(self, check: Violations) -> None:
        """Notes settings that are out of range."""
        for name in ("passes", "patience", "batch", "threads"):
            check.number(name, getattr(self, name), at_least=1, whole=True)
        check.number("learning_rate", self.learning_rate, above=0.0, at_most=1.0)
        check.number("gradient_norm", self.gradient_norm, above=0.0)

    def learn(
        self,
        platform: Platform,
        tracker: Tracker,
        network: Network,
        fitting: Transitions,
        held_out: Transitions,
        seed: int = 0,
        tell: Tell = quietly,
    ) -> Fitted:
        """Learns a policy.

        Args:
            platform: the catalogue that the log is of.
            tracker: whose features the log is told by.
            network: what the policy is made of.
            fitting: what is learned from.
            held_out: of other students: when to stop is told by them.
            seed: of the first weights and of the order of the rows.
            tell: given each pass.

        Raises:
            InvalidInput: a part holds no decision, or lacks rewards that the method learns from.
        """
        check = Violations("log to learn from")
        for name, part in (("fitting", fitting), ("held-out", held_out)):
            check.that(len(part), f"the {name} part holds no decision. Give another share, or a longer log")
            known = not self.rewarded or bool(np.isfinite(part.reward).all())
            check.that(known, f"the {name} part lacks rewards, which this method learns from. Clone the behaviour")
        check.raise_all()
        done: list[Pass] = []

        def note(one: Pass) -> None:
            done.append(one)
            tell(one)

        with settled(self.threads):
            torch.manual_seed(seed_of(seed))
            regression = Regression(self, Rows(fitting), Rows(held_out), np.random.default_rng(seed), note)
            policy = self.learn_in(platform, tracker, network, regression)
        return Fitted(policy, tuple(done))

    def learn_in(self, platform: Platform, tracker: Tracker, network: Network, regression: Regression) -> LearnedPolicy:
        """Learns what is asked, the generators being its own."""
        raise NotImplementedError


class Rows:
    """Transitions as tensors, the target of each, and what is open to the policy there."""

    def __init__(self, transitions: Transitions) -> None:
        self.transitions = transitions
        self.seen = torch.from_numpy(transitions.features)
        self.allowed = torch.from_numpy(transitions.mask)
        self.action = torch.from_numpy(transitions.action)
        self.target, self.open = torch.zeros(len(transitions)), self.allowed

    def __len__(self) -> int:
        return len(self.transitions)

    def said(self, module: nn.Module) -> Tensor:
        """What a network says of every row, (N, ...); nothing is learned from it."""
        with torch.inference_mode():
            return torch.cat([module(seen) for seen in torch.split(self.seen, TOGETHER)])


@dataclass(frozen=True)
class Regression:
    """Fits networks to the rows of a log, one after the other."""

    settings: Offline
    fitting: Rows
    held_out: Rows
    generator: np.random.Generator
    tell: Tell = field(repr=False)

    def fit(self, module: nn.Module, loss: Loss, what: str) -> None:
        """Gradient steps until held-out students gain nothing from them; the best weights are kept."""
        settings, rows = self.settings, self.fitting
        module.requires_grad_(True).train()
        optimiser = adam(settings.learning_rate, module)
        best, least, idle = _weights(module), _mean(module, loss, self.held_out), 0
        self.tell(Pass(what, 0, _mean(module, loss, rows), least))
        for number in range(1, settings.passes + 1):
            total = 0.0
            order = torch.from_numpy(self.generator.permutation(len(rows)))
            for own in torch.split(order, settings.batch):
                each = loss(module(rows.seen[own]), rows.allowed[own], rows.action[own], rows.target[own])
                optimiser.zero_grad()
                each.mean().backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(module.parameters(), settings.gradient_norm)
                optimiser.step()
                total += float(each.detach().sum())
            held_out = _mean(module, loss, self.held_out)
            if not math.isfinite(total + held_out):
                seen = f"learning_rate = {settings.learning_rate:g}: the losses became no numbers. Give a smaller one"
                raise InvalidInput(what, [seen])
            self.tell(Pass(what, number, total / len(rows), held_out))
            if held_out < least:
                best, least, idle = _weights(module), held_out, 0
            else:
                idle += 1
            if idle == settings.patience:
                break
        module.load_state_dict(best)
        module.requires_grad_(False).eval()


def _weights(module: nn.Module) -> Mapping[str, Any]:
    return copy.deepcopy(module.state_dict())


def _mean(module: nn.Module, loss: Loss, rows: Rows) -> float:
    return float(loss(rows.said(module), rows.allowed, rows.action, rows.target).mean())
