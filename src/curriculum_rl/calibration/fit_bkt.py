"""Bayesian knowledge tracing fitted by expectation-maximisation, with students who differ and items that differ.

The equations are those of `students/knowledge/bkt.py`, everything ready and retained:
    P(known at first) = logistic(initial_k + ability)      P(becomes known) = logistic(learn_k + rate)
    P(right | known) = logistic(right_k - difficulty_j)    P(right | not known) = logistic(lucky_k - difficulty_j)
    P(no longer known) = forget_k                          (ability, rate) ~ N(0, covariance),  difficulty ~ N(0, sd^2)

E: forward-backward of every chain at every point of a grid over (ability, rate), and the posterior of each student
over the grid. M: Newton steps for each concept and item, penalised by normal priors over the concepts whose own mean
and spread are fitted (empirical Bayes); the covariance follows the posterior's second moments.

EM for hidden Markov models: Baum et al. (1970); individual offsets: Yudelson, Koedinger & Gordon (2013); item effects:
Pardos & Heffernan (2011). A try at an item of several concepts is a full try at each of them: evidence about each, and
a chance to learn each. It is predicted from their mean knowledge, slip and guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.special import expit, logit

from curriculum_rl.batch import Float
from curriculum_rl.calibration.attempts import Attempts, Chains
from curriculum_rl.calibration.fit import Fit, Prior, Tick, practised, step, summed
from curriculum_rl.calibration.spread import (
    Nodes,
    Spread,
    Volume,
    by_student,
    moments,
    nodes,
    posterior,
    weights_by_volume,
)
from curriculum_rl.students.knowledge.bkt import BKT

FIT_GRID = (9, 5)
PREDICT_GRID = (15, 5)
_EDGE = 1e-7
# Forgetting has a Beta(1, 59) prior at the start: near 1 in 60 a try, the classic model's 0 within reach.
_FORGET_PRIOR = (1.0, 59.0)


@dataclass
class _Parameters:
    """Logits by concept, (K,), difficulty by item, (J,)."""

    initial: Float
    learn: Float
    right: Float  # logit of 1 - slip
    lucky: Float  # logit of guess
    forget: Float  # a probability
    difficulty: Float
    volume: Volume
    spread: Spread = field(default_factory=lambda: Spread(1.5, 1.0, 0.5))
    difficulty_sd: float = 0.7
    priors: dict[str, Prior] = field(
        default_factory=lambda: {
            "initial": Prior(0.4, 1.0),
            "learn": Prior(float(logit(0.12)), 0.8),
            "right": Prior(float(logit(0.85)), 0.6),
            "lucky": Prior(float(logit(0.22)), 0.6),
        }
    )


@dataclass(frozen=True)
class _Forward:
    """What a pass through the chains leaves, (E, G) or (E,)."""

    known: Float  # P(known before the try), (E, G)
    likelihood: Float  # of the answer, (E, G)
    if_known: Float  # likelihood of the answer if known, (E,)
    if_not: Float  # and if not, (E,)


def fit_bkt(attempts: Attempts, iterations: int, tick: Tick, tolerance: float = 2e-5) -> Fit:
    """Fits the population to all tries of `attempts`.

    Stops after `iterations`, or where the likelihood gains less than `tolerance` nats a try.
    """
    work = _Work(attempts)
    k = len(attempts.concepts)
    p = _Parameters(
        initial=np.full(k, 0.4),
        learn=np.full(k, logit(0.12)),
        right=np.full(k, logit(0.85)),
        lucky=np.full(k, logit(0.25)),
        forget=np.full(k, 0.02),
        difficulty=np.zeros(attempts.items),
        volume=work.volume,
    )
    history: list[float] = []
    for i in range(iterations):
        tick("fitting", i, iterations)
        history.append(_iterate(work, p, follow=i >= 3))
        if i > 5 and history[-1] - history[-2] < tolerance:
            break
    return _finished(work, p, history)


class _Work:
    """What stays the same through the iterations."""

    def __init__(self, attempts: Attempts) -> None:
        chains = attempts.chains
        entries, k = len(chains.row), len(attempts.concepts)
        self.attempts, self.chains = attempts, chains
        self.practised = practised(chains.concept, k)
        self.met = attempts.concepts_met
        self.volume = Volume.of(self.met)
        self.x = self.volume.x(self.met)

        def summing(chosen: np.ndarray, columns: int) -> sparse.csr_matrix:
            ones = np.ones(len(chosen))
            return sparse.csr_matrix((ones, (chains.concept[chosen], chosen)), (k, columns))

        self.of_concept = summing(np.arange(entries), entries)
        self.first_of_concept = summing(np.arange(chains.count), chains.count)
        self.continued = summing(np.flatnonzero(chains.continued), entries)
        self.item_seen = np.bincount(chains.item, minlength=attempts.items) > 0


def _iterate(work: _Work, p: _Parameters, follow: bool) -> float:
    """One iteration of EM, in place; returns the log-likelihood a try of the parameters it began with."""
    attempts, chains = work.attempts, work.chains
    grid = nodes(p.spread, *FIT_GRID)
    passed = _forward(chains, p, grid)
    right = _right_of_rows(chains, p, passed.known)
    likelihood = np.where(attempts.right[:, None] > 0, right, 1.0 - right)
    students = len(attempts.students)
    prior = weights_by_volume(grid, p.spread, p.volume, work.x)
    weight, total = posterior(by_student(np.log(likelihood), attempts.student, students), prior)
    known, up, down = _backward(chains, p, grid, passed)
    of_entry = weight[chains.student]
    known *= of_entry
    _move_initial(work, p, grid, of_entry[: chains.count], known[: chains.count])
    _move_learn(work, p, grid, of_entry - known, of_entry * up)
    held, lost = (known * chains.continued[:, None]).sum(axis=1), (of_entry * down).sum(axis=1)
    a, b = _FORGET_PRIOR
    p.forget = (work.of_concept @ lost + a) / (work.of_concept @ held + a + b)
    _move_answers(work, p, known.sum(axis=1))
    present = work.met > 0
    mean, p.spread, p.volume = moments(weight[present], grid, p.volume, work.x[present])
    p.initial, p.learn = p.initial + mean[0], p.learn + mean[1]
    if follow:
        for name, its_prior in p.priors.items():
            its_prior.follow(getattr(p, name)[work.practised])
    return total / len(attempts.student)


def _chances(chains: Chains, p: _Parameters) -> tuple[Float, Float]:
    """P(right) of each entry if known and if not, (E,) each."""
    difficulty = p.difficulty[chains.item]
    return expit(p.right[chains.concept] - difficulty), expit(p.lucky[chains.concept] - difficulty)


def _forward(chains: Chains, p: _Parameters, grid: Nodes) -> _Forward:
    """Steps through all chains at once, at every node."""
    if_known, if_not = _chances(chains, p)
    wrong = chains.right == 0
    if_known[wrong] = 1.0 - if_known[wrong]
    if_not[wrong] = 1.0 - if_not[wrong]
    shape = (len(chains.row), len(grid.weight))
    known, likelihood = np.empty(shape), np.empty(shape)
    concept = chains.concept[: chains.count]
    now = expit(p.initial[:, None] + grid.ability)[concept]
    learn = expit(p.learn[:, None] + grid.rate)[concept]
    keep = 1.0 - p.forget[concept][:, None]
    for t in range(len(chains.starts) - 1):
        a, b = chains.starts[t], chains.starts[t + 1]
        now = np.clip(now[: b - a], _EDGE, 1.0 - _EDGE)
        known[a:b] = now
        k1, k0 = if_known[a:b, None], if_not[a:b, None]
        likelihood[a:b] = k0 + (k1 - k0) * now
        after = k1 * now / likelihood[a:b]
        now = after * keep[: b - a] + (1.0 - after) * learn[: b - a]
    return _Forward(known, likelihood, if_known, if_not)


def _backward(chains: Chains, p: _Parameters, grid: Nodes, passed: _Forward) -> tuple[Float, Float, Float]:
    """P(known at the try), P(became known after it), P(lost after it), given the whole chain, (E, G) each."""
    shape = passed.known.shape
    smooth, up, down = np.empty(shape), np.zeros(shape), np.zeros(shape)
    concept = chains.concept[: chains.count]
    learn = expit(p.learn[:, None] + grid.rate)[concept]
    forget = p.forget[concept][:, None]
    steps = len(chains.starts) - 1
    for t in range(steps - 1, -1, -1):
        a, b = chains.starts[t], chains.starts[t + 1]
        smooth[a:b] = passed.if_known[a:b, None] * passed.known[a:b] / passed.likelihood[a:b]
        if t + 1 == steps:
            continue
        n = chains.starts[t + 2] - b
        after, ahead, later = smooth[a : a + n], passed.known[b : b + n], smooth[b : b + n]
        to_known, to_not = later / ahead, (1.0 - later) / (1.0 - ahead)
        up[a : a + n] = (1.0 - after) * learn[:n] * to_known
        down[a : a + n] = after * forget[:n] * to_not
        smooth[a : a + n] = after * (1.0 - forget[:n]) * to_known + down[a : a + n]
    return smooth, up, down


def _right_of_rows(chains: Chains, p: _Parameters, known: Float) -> Float:
    """P(right) of each try at each node, (n, G): of its concepts' mean knowledge, mean slip and mean guess."""
    if_known, if_not = (chains.to_rows @ chance for chance in _chances(chains, p))
    right: Float = if_not[:, None] + (if_known - if_not)[:, None] * (chains.to_rows @ known)
    return np.clip(right, _EDGE, 1.0 - _EDGE)


def _move_initial(work: _Work, p: _Parameters, grid: Nodes, weight: Float, known: Float) -> None:
    """Newton on the first knowledge of each concept, from expected counts by concept and node."""
    tried, held = work.first_of_concept @ weight, work.first_of_concept @ known
    prior = p.priors["initial"]
    for _ in range(3):
        chance = expit(p.initial[:, None] + grid.ability)
        gradient = (held - tried * chance).sum(axis=1) + prior.gradient(p.initial)
        p.initial = p.initial + step(gradient, (tried * chance * (1 - chance)).sum(axis=1) + prior.curvature)


def _move_learn(work: _Work, p: _Parameters, grid: Nodes, not_known: Float, learned: Float) -> None:
    """Newton on the chance of learning, over the tries that another one follows."""
    tried, moved = work.continued @ not_known, work.continued @ learned
    prior = p.priors["learn"]
    for _ in range(3):
        chance = expit(p.learn[:, None] + grid.rate)
        gradient = (moved - tried * chance).sum(axis=1) + prior.gradient(p.learn)
        p.learn = p.learn + step(gradient, (tried * chance * (1.0 - chance)).sum(axis=1) + prior.curvature)


def _move_answers(work: _Work, p: _Parameters, known: Float) -> None:
    """Newton on difficulty, then on slip and guess, in turn; `known` is P(known) of each entry, (E,)."""
    chains, k, items = work.chains, len(p.right), work.attempts.items
    for _ in range(2):
        right, lucky = _chances(chains, p)
        surprise = known * (chains.right - right) + (1.0 - known) * (chains.right - lucky)
        weight = known * right * (1.0 - right) + (1.0 - known) * lucky * (1.0 - lucky)
        precision = 1.0 / p.difficulty_sd**2
        gradient = -summed(chains.item, chains.share * surprise, items) - p.difficulty * precision
        curvature = summed(chains.item, chains.share * weight, items) + precision
        p.difficulty = p.difficulty + step(gradient, curvature)
        right, lucky = _chances(chains, p)
        for name, chance, mass in (("right", right, known), ("lucky", lucky, 1.0 - known)):
            value, prior = getattr(p, name), p.priors[name]
            gradient_k = summed(chains.concept, mass * (chains.right - chance), k) + prior.gradient(value)
            curvature_k = summed(chains.concept, mass * chance * (1.0 - chance), k) + prior.curvature
            setattr(p, name, value + step(gradient_k, curvature_k))
    seen = work.item_seen
    p.difficulty_sd = float(np.sqrt((p.difficulty[seen] ** 2 + 1.0 / curvature[seen]).mean()))


def _finished(work: _Work, p: _Parameters, history: list[float]) -> Fit:
    guess, slip = expit(p.lucky), expit(-p.right)
    # Concepts beyond use still need numbers that the model accepts; they are flagged, and left out of the pack.
    excess = np.maximum(1.0, (guess + slip) / 0.98)
    knowledge = BKT(
        initial=tuple(expit(p.initial).tolist()),
        learn=tuple(expit(p.learn).tolist()),
        forget=tuple(p.forget.tolist()),
        guess=tuple((guess / excess).tolist()),
        slip=tuple((slip / excess).tolist()),
    )

    def right_at_nodes(attempts: Attempts, grid: Nodes) -> Float:
        return _right_of_rows(attempts.chains, p, _forward(attempts.chains, p, grid).known)

    return Fit(
        knowledge=knowledge,
        difficulty=p.difficulty,
        difficulty_sd=p.difficulty_sd,
        spread=p.spread,
        volume=p.volume,
        log_likelihood=tuple(history),
        degenerate=tuple(_fault(g, s) for g, s in zip(guess, slip, strict=True)),
        right_at_nodes=right_at_nodes,
        grid=PREDICT_GRID,
    )


def _fault(guess: float, slip: float) -> str:
    """Why these numbers say nothing of knowing (Beck & Chang 2007)."""
    if guess + slip >= 1.0:
        return "guess + slip of 1 or more"
    if guess > 0.5:
        return "guess above .5"
    return "slip above .5" if slip > 0.5 else ""
