"""Deep knowledge tracing fitted to a log (equations in `students/knowledge/dkt.py` and `lstm.py`).

Everything is ready and retained, and a try is a whole step. Network, intercepts and item difficulties follow the
gradient of the likelihood of the next answer (Piech et al. 2015; Adam), difficulties with a normal prior; fitting stops
where students held out of it are predicted no better for `PATIENCE` rounds, and the best round is kept. Seeds are
fixed, and one thread computes, so that the same log gives the same bytes.

The network knows students by their answers. What is left is an offset of ability: its spread is fitted to the held-out
students by expectation-maximisation, on the grid over which predictions integrate. There is no rate.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import expit, logit
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.calibration.fit import Fit, Tick, log_likelihood, practised
from curriculum_rl.calibration.predictive import loads
from curriculum_rl.calibration.spread import Nodes, Spread, Volume, by_student, nodes, posterior
from curriculum_rl.students.knowledge.dkt import DKT
from curriculum_rl.students.knowledge.lstm import LSTM, NAMES

UNITS = 32
HELD_OUT = 0.1
BATCH = 64
LEARNING_RATE = 0.01
PATIENCE = 3
DIFFICULTY_SD = 0.7
"""Of the prior: near what the other models find on ASSISTments 2009 (.66 to .7)."""
PREDICT_GRID = (15, 1)
_SEED = 0
_EDGE = 1e-6
_SMALLEST_SD = 0.01


class _Network(nn.Module):
    """Logits of tries in sequences. What is practised is given as weights of concepts, (B, T, K)."""

    def __init__(self, concepts: int, items: int, first: float) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2 * concepts, UNITS, batch_first=True)
        self.out = nn.Linear(UNITS, concepts)
        self.difficulty = nn.Parameter(torch.zeros(items))
        nn.init.constant_(self.out.bias, first)

    def forward(self, batch: _Batch) -> Tensor:
        """Before each try, (B, T)."""
        told = torch.cat([batch.weight * (1.0 - batch.right[..., None]), batch.weight * batch.right[..., None]], dim=2)
        after, _ = self.lstm(told)
        before = torch.cat([torch.zeros_like(after[:, :1]), after[:, :-1]], dim=1)
        level: Tensor = (self.out(before) * batch.weight).sum(dim=2) - self.difficulty[batch.item]
        return level

    def model(self) -> DKT:
        """As students."""
        tensors = self.state_dict()
        inputs, hidden, one, other, out = (tensors[name].numpy() for name in NAMES)
        matrices = (np.ascontiguousarray(m, dtype=np.float64) for m in (inputs.T, hidden.T, one + other, out.T))
        return DKT(tuple(self.out.bias.tolist()), LSTM(*matrices))


@dataclass(frozen=True)
class _Batch:
    """Students side by side, padded at their ends."""

    weight: Tensor  # (B, T, K) share of each concept
    right: Tensor  # (B, T)
    item: Tensor  # (B, T)
    there: Tensor  # (B, T)


@dataclass(frozen=True)
class _Sequences:
    """The tries of a log, student by student: student i's are rows `begin[i]` to `begin[i] + length[i]`."""

    attempts: Attempts
    begin: Int
    length: Int

    @classmethod
    def of(cls, attempts: Attempts) -> _Sequences:
        begin, length = np.unique(attempts.begins, return_counts=True)
        return cls(attempts, begin.astype(np.int64), length.astype(np.int64))

    def batch(self, who: Int) -> _Batch:
        """These of the students."""
        a, steps = self.attempts, np.arange(int(self.length[who].max()))
        there = steps < self.length[who, None]
        row = np.where(there, self.begin[who, None] + steps, 0)
        concepts, shares = loads(a, 0)
        item = a.item[row]
        weight = np.zeros((*row.shape, len(a.concepts)), dtype=np.float32)
        i, t = np.indices(row.shape)
        for concept, share in zip(concepts, shares, strict=True):
            weight[i, t, concept[item]] += (share[item] * there).astype(np.float32)
        right = (a.right[row] * there).astype(np.float32)
        return _Batch(*(torch.from_numpy(x) for x in (weight, right, item, there)))

    def batches(self, chosen: Bool) -> list[Int]:
        """The chosen students in groups of about one length."""
        who = np.flatnonzero(chosen)
        who = who[np.argsort(self.length[who], kind="stable")]
        return [who[i : i + BATCH] for i in range(0, len(who), BATCH)]


def fit_dkt(attempts: Attempts, iterations: int, tick: Tick) -> Fit:
    """Fits the population to all tries of `attempts`; the likelihoods are those of the held-out students."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_SEED)
            return _fitted(attempts, iterations, tick)
    finally:
        torch.set_num_threads(threads)


def _fitted(attempts: Attempts, iterations: int, tick: Tick) -> Fit:
    sequences, rng = _Sequences.of(attempts), np.random.default_rng(_SEED)
    held_out = rng.permutation(len(sequences.begin)) < max(1, round(HELD_OUT * len(sequences.begin)))
    first = float(logit(np.clip(attempts.right.mean(), 0.01, 0.99)))
    network = _Network(len(attempts.concepts), attempts.items, first)
    history = tuple(_rounds(network, sequences, held_out, iterations, rng, tick))
    model = network.model()
    difficulty = network.difficulty.detach().numpy().astype(np.float64)

    def right_at_nodes(others: Attempts, grid: Nodes) -> Float:
        return _right(_levels(model, others) - difficulty[others.item], grid)

    chosen = np.zeros(len(attempts.students), dtype=np.bool_)
    chosen[attempts.student[sequences.begin[held_out]]] = True
    kept = attempts.of_students(chosen)
    seen = practised(attempts.item, attempts.items)
    return Fit(
        knowledge=model,
        difficulty=difficulty,
        difficulty_sd=float(difficulty[seen].std()),
        spread=_ability(kept, _levels(model, kept) - difficulty[kept.item]),
        volume=Volume.of(attempts.concepts_met),
        log_likelihood=history,
        degenerate=("",) * len(attempts.concepts),
        right_at_nodes=right_at_nodes,
        grid=PREDICT_GRID,
    )


def _rounds(
    network: _Network, sequences: _Sequences, held_out: Bool, iterations: int, rng: np.random.Generator, tick: Tick
) -> Iterator[float]:
    """Fits, in place, and says after each round how likely held-out answers are, nats a try; ends with the best."""
    optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    groups, judged = sequences.batches(~held_out), sequences.batches(held_out)
    tries = float(sequences.length[~held_out].sum())
    best, since, kept = -np.inf, 0, copy.deepcopy(network.state_dict())
    for i in range(iterations):
        tick("fitting", i, iterations)
        for g in rng.permutation(len(groups)):
            optimiser.zero_grad()
            prior = 0.5 * (network.difficulty / DIFFICULTY_SD).square().sum() / tries
            loss = _loss(network, sequences.batch(groups[g])) * len(groups) / tries + prior
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
        with torch.no_grad():
            lost = sum(float(_loss(network, sequences.batch(who))) for who in judged)
        now = -lost / float(sequences.length[held_out].sum())
        yield now
        since += 1
        if now > best:
            best, since, kept = now, 0, copy.deepcopy(network.state_dict())
        if since >= PATIENCE:
            break
    network.load_state_dict(kept)


def _loss(network: _Network, batch: _Batch) -> Tensor:
    """Negative log-likelihood of the answers, summed."""
    each = binary_cross_entropy_with_logits(network(batch), batch.right, reduction="none")
    lost: Tensor = (each * batch.there).sum()
    return lost


def _levels(model: DKT, attempts: Attempts) -> Float:
    """Logit of each try on a medium item before ability, (n,)."""
    network, sequences = model.network, _Sequences.of(attempts)
    order = np.argsort(-sequences.length, kind="stable")
    begin, length = sequences.begin[order], sequences.length[order]
    concepts, shares = loads(attempts, 0)
    level = np.empty(len(attempts.right))
    hidden = cell = np.zeros((len(order), network.size))
    for t in range(int(length[0])):
        rows = begin[: np.searchsorted(-length, -t)] + t
        item, hidden, cell = attempts.item[rows], hidden[: len(rows)], cell[: len(rows)]
        on, share = concepts[:, item], shares[:, item]
        logits = model.each("intercept") + network.moved(hidden)
        level[rows] = (share * logits[np.arange(len(rows)), on]).sum(axis=0)
        right = attempts.right[rows]
        hidden, cell = network.step(hidden, cell, network.lit(on, share * right, share * (1.0 - right)))
    return level


def _right(level: Float, grid: Nodes) -> Float:
    """P(right) at each node, (n, G)."""
    right: Float = expit(level[:, None] + grid.ability)
    return np.clip(right, _EDGE, 1.0 - _EDGE)


def _ability(attempts: Attempts, level: Float, rounds: int = 20) -> Spread:
    """The spread of ability that the network has left, by expectation-maximisation."""
    spread = Spread(0.5, 0.0, 0.0)
    present = np.unique(attempts.student)
    for _ in range(rounds):
        grid = nodes(spread, *PREDICT_GRID)
        likelihood = log_likelihood(attempts, _right(level, grid))
        own = by_student(likelihood, attempts.student, len(attempts.students))[present]
        weight, _ = posterior(own, np.tile(grid.weight, (len(present), 1)))
        spread = Spread(max(float(np.sqrt((weight @ grid.ability**2).mean())), _SMALLEST_SD), 0.0, 0.0)
    return spread
