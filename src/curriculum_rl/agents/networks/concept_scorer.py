"""Scores each activity from features of its concepts, with the same weights for every concept.

For concept k with features x_k, student and time s:

    z_k = [x_k, mean x of its prerequisites, mean x of what it unlocks, whether it has any of either, s]
    h_k = relu(W z_k + b)
    g   = U [mean_k h_k, max_k h_k] + c                        the student at a glance
    y_k = relu(Q h_k + g)
    logit of activity a = sum over its concepts k of share * (R y_k)[form of a]

    logit of a control = V [mean_k y_k, max_k y_k] + e          what ends a session or a course is of no concept

so that nothing depends on the order or number of concepts (deep sets: Zaheer et al. 2017, arXiv:1703.06114, with a
round of messages along the prerequisites). Where activities of one form differ, R has three outputs more, which are
multiplied by how the activity's difficulty, minutes and learning differ from the mean of its form.
The critic has weights of its own and reads the value off the mean of its y; one that values activities too reads them
off as the actor does its logits. Each further round of messages goes one link further, before the glance:

    h_k <- relu(A [h_k, mean h of its prerequisites, mean h of what it unlocks] + d)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import SMALL, linear
from curriculum_rl.violations import Violations

WITHIN = 3
"""Ways in which activities of one form differ: difficulty, minutes and learning."""
SMALL_TABLE = 1 << 20
"""Up to this many entries, a matrix product is the fastest way from scores to activities."""


@dataclass(frozen=True)
class ConceptScorer:
    """Attributes:
    width: units for each concept in each hidden layer.
    rounds: of messages along the prerequisites; 0: every concept for itself, but for the glance.
    """

    portable: ClassVar[bool] = True

    width: int = 32
    rounds: int = 1

    def __post_init__(self) -> None:
        check = Violations("concept scorer")
        check.number("width", self.width, at_least=1, at_most=1024)
        check.number("rounds", self.rounds, at_least=0, at_most=8)
        check.raise_all()

    def inputs(self, layout: Layout) -> nn.Module:
        """z of each concept, (n, K, 3 P + 2 + S); without rounds, all that is about others is 0."""
        return _Inputs(layout, self.rounds > 0)

    def actor(self, layout: Layout) -> nn.Module:
        """A logit of each action."""
        return _Actor(layout, self)

    def critic(self, layout: Layout) -> nn.Module:
        """The value."""
        return _Critic(layout, self)

    def action_critic(self, layout: Layout) -> nn.Module:
        """The value, and that of each action: both read off the same y (Wang et al. 2016, arXiv:1511.06581)."""
        return _ActionCritic(layout, self)


def _read_width(layout: Layout) -> int:
    return 3 * layout.planes + 2 + layout.student


class _Inputs(nn.Module):
    """Passes the messages; it has no weights, so no gradient is kept."""

    mix: Tensor
    linked: Tensor

    def __init__(self, layout: Layout, messages: bool) -> None:
        super().__init__()
        self.planes, self.concepts, self.width = layout.planes, layout.concepts, _read_width(layout)
        before, after = (messages * torch.from_numpy(links) for links in (layout.before, layout.after))
        self.register_buffer("mix", torch.cat([before, after]).T.contiguous(), persistent=False)
        linked = torch.stack([before.sum(1) > 0, after.sum(1) > 0], 1).float()
        self.register_buffer("linked", linked, persistent=False)  # (K, 2)

    def forward(self, observations: Tensor) -> Tensor:
        n, planes, concepts = observations.shape[0], self.planes, self.concepts
        split = planes * concepts
        x = observations[:, :split].reshape(n * planes, concepts)
        messages = (x @ self.mix).view(n, planes, 2, concepts)
        if torch.onnx.is_in_onnx_export():  # which cannot write to parts of an array
            own = x.view(n, planes, concepts).transpose(1, 2)
            told = messages.permute(0, 3, 2, 1).reshape(n, concepts, 2 * planes)
            student = observations[:, None, split:].expand(-1, concepts, -1)
            return torch.cat([own, told, self.linked.expand(n, -1, -1), student], dim=2)
        z = observations.new_empty(n, concepts, self.width)
        z[:, :, :planes] = x.view(n, planes, concepts).transpose(1, 2)
        z[:, :, planes : 3 * planes].view(n, concepts, 2, planes).copy_(messages.permute(0, 3, 2, 1))
        z[:, :, 3 * planes : 3 * planes + 2] = self.linked
        z[:, :, 3 * planes + 2 :] = observations[:, None, split:]
        return z


class _Glance(torch.autograd.Function):
    """Mean and maximum over concepts, (n, K, W) to (n, 2 W).

    Written out because the stock backward passes over the large array many times, and memory is what limits training.
    """

    @staticmethod
    def forward(ctx: Any, h: Tensor) -> Tensor:
        top = h.amax(dim=1)
        ctx.save_for_backward(h, top)
        return torch.cat([h.mean(dim=1), top], dim=1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (h, top), (gradient,) = ctx.saved_tensors, gradients
        width = h.shape[2]
        mean, most = gradient[:, :width] / h.shape[1], gradient[:, width:]
        # Where several share the maximum each gets its gradient: after a relu that is at 0, and it goes no further.
        return torch.where(h == top[:, None], (mean + most)[:, None], mean[:, None])


def glance(h: Tensor) -> Tensor:
    """Mean and maximum over concepts, (n, K, W) to (n, 2 W)."""
    pooled: Tensor = _Glance.apply(h)  # type: ignore[no-untyped-call]
    return pooled


class _Body(nn.Module):
    """z to y."""

    before: Tensor
    after: Tensor

    def __init__(self, layout: Layout, network: ConceptScorer) -> None:
        super().__init__()
        width = network.width
        self.first = linear(_read_width(layout), width)
        self.rounds = nn.ModuleList(linear(3 * width, width) for _ in range(network.rounds - 1))
        self.summary = linear(2 * width, width)
        self.second = linear(width, width, bias=False)
        self.register_buffer("before", torch.from_numpy(layout.before), persistent=False)
        self.register_buffer("after", torch.from_numpy(layout.after), persistent=False)

    def hidden(self, z: Tensor) -> Tensor:
        """y of each concept, (n, K, W)."""
        h = torch.relu_(self.first(z))
        for layer in self.rounds:
            h = torch.relu_(layer(torch.cat([h, self.before @ h, self.after @ h], dim=2)))
        return torch.relu_(self.second(h).add_(self.summary(glance(h))[:, None]))


class _Actor(_Body):
    gather: Tensor
    place: Tensor
    share: Tensor
    within: Tensor
    form: Tensor

    def __init__(self, layout: Layout, network: ConceptScorer) -> None:
        super().__init__(layout, network)
        self.forms, self.columns = layout.forms, layout.forms + (WITHIN if layout.varied else 0)
        self.score = linear(network.width, self.columns, SMALL)
        place = torch.from_numpy(layout.concept * self.columns)  # (L, A) in a raveled (K, columns)
        parts = {"place": place, "share": torch.from_numpy(layout.share), "within": torch.from_numpy(layout.within)}
        for name, part in {**parts, "form": torch.from_numpy(layout.form)}.items():
            self.register_buffer(name, part, persistent=False)
        width = layout.concepts * self.columns
        self.small = width * layout.activities <= SMALL_TABLE
        gather = self._gather(torch.eye(width)) if self.small else torch.empty(0)
        self.register_buffer("gather", gather, persistent=False)
        self.control = linear(2 * network.width, len(layout.controls), SMALL) if layout.controls else None

    def forward(self, z: Tensor) -> Tensor:
        return self.scored(self.hidden(z))

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Takes weights from a catalogue whose activities differed within their form to one in which none do, and back.

        What was never needed is 0: such a network takes activities of one form to be alike, wherever it is.
        """
        for name in (f"{prefix}score.weight", f"{prefix}score.bias"):
            given = state.get(name)
            if given is not None and len(given) in (self.forms, self.forms + WITHIN):
                missing = given.new_zeros(self.columns - min(len(given), self.columns), *given.shape[1:])
                state[name] = torch.cat([given[: self.columns], missing])
        super()._load_from_state_dict(state, prefix, *rest)

    def scored(self, y: Tensor) -> Tensor:
        """The logit of each activity, then of each control, (n, A + C)."""
        table: Tensor = self.score(y).flatten(1)  # (n, K columns)
        logits = table @ self.gather if self.small else self._gather(table)
        return logits if self.control is None else torch.cat([logits, self.control(glance(y))], dim=1)

    def _gather(self, table: Tensor) -> Tensor:
        """The logit of each activity from what its concepts say, (n, A)."""
        total = table.new_zeros(table.shape[0], self.place.shape[1])
        for place, share in zip(self.place, self.share, strict=True):
            part = table.index_select(1, place + self.form)
            for i in range(self.columns - self.forms):
                part = part + table.index_select(1, place + self.forms + i) * self.within[:, i]
            total = total + part * share
        return total


class _Critic(_Body):
    def __init__(self, layout: Layout, network: ConceptScorer) -> None:
        super().__init__(layout, network)
        self.value = linear(network.width, 1, 1.0)

    def forward(self, z: Tensor) -> Tensor:
        value: Tensor = self.value(self.hidden(z).mean(dim=1))
        return value


class _ActionCritic(_Actor):
    def __init__(self, layout: Layout, network: ConceptScorer) -> None:
        super().__init__(layout, network)
        self.value = linear(network.width, 1, 1.0)

    def forward(self, z: Tensor) -> Tensor:
        y = self.hidden(z)
        return torch.cat([self.value(y.mean(dim=1)), self.scored(y)], dim=1)
