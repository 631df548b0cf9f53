"""Models whose logit of being right grows with practice, fitted by expectation-maximisation.

    P(right) = c + (1 - c) logistic(eta),   eta = sum over the item's concepts of share * (x_k - a_k * difficulty)

x_k is what a student at one point of the trait space has on concept k before the try: it follows from the number of
earlier tries alone, never from the answers. c and a are shares-weighted means over the item's concepts.

E: the posterior of each student over a grid of (ability, rate). M: one step of Fisher scoring for each concept (all of
its parameters together) and each item, penalised by normal priors whose own mean and spread are fitted (empirical
Bayes); the covariance follows the posterior's second moments. Bock & Aitkin (1981), doi:10.1007/BF02293801.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit

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
from curriculum_rl.students.knowledge.concept_model import ConceptModel

FIT_GRID = (7, 3)
PREDICT_GRID = (15, 5)
_NUDGE = 1e-4
_EDGE = 1e-6
_LARGEST = 0.5  # largest step of a parameter in one iteration, on its unbounded scale


class Growth(Protocol):
    """What tells one such model from another. Parameters are (K, P), each on an unbounded scale."""

    def priors(self) -> list[Prior]:
        """A prior for each parameter; its mean is where fitting starts."""

    def spread(self) -> Spread:
        """Where the spread between students starts."""

    def logits(self, values: Float, chains: Chains, grid: Nodes) -> Float:
        """x before each entry of the chains at each node, (E, G)."""

    def slope(self, values: Float) -> Float:
        """a, (K,)."""

    def luck(self, values: Float) -> Float:
        """c, (K,)."""

    def luck_column(self) -> int | None:
        """Which parameter is logit c; None where c is 0."""

    def absorb(self, values: Float, mean: Float) -> Float:
        """The parameters with the students' mean ability and rate, (2,), moved into them."""

    def finish(self, values: Float) -> tuple[ConceptModel, tuple[str, ...]]:
        """The fitted model, and for each concept why its numbers cannot be trusted ("" where they can)."""


@dataclass
class _State:
    values: Float  # (K, P)
    difficulty: Float  # (J,)
    spread: Spread
    volume: Volume
    priors: list[Prior]
    difficulty_sd: float = 0.7


def fit_growth(
    model: Growth, attempts: Attempts, iterations: int, tick: Tick, tolerance: float = 2e-5
) -> Fit:
    """Fits the population; stops where an iteration gains less than `tolerance` nats a try."""
    priors, volume = model.priors(), Volume.of(attempts.concepts_met)
    means = [prior.mean for prior in priors]
    s = _State(
        values=np.tile(np.array(means), (len(attempts.concepts), 1)),
        difficulty=np.zeros(attempts.items),
        spread=model.spread(),
        volume=volume,
        priors=priors,
    )
    history: list[float] = []
    for i in range(iterations):
        tick("fitting", i, iterations)
        history.append(_iterate(model, attempts, s, follow=i >= 3))
        if i > 5 and history[-1] - history[-2] < tolerance:
            break
    knowledge, faults = model.finish(s.values)

    def right_at_nodes(others: Attempts, grid: Nodes) -> Float:
        eta, _, luck = _eta(model, others, s, grid)
        right: Float = luck[:, None] + (1.0 - luck[:, None]) * expit(eta)
        return np.clip(right, _EDGE, 1.0 - _EDGE)

    return Fit(
        knowledge=knowledge,
        difficulty=s.difficulty,
        difficulty_sd=s.difficulty_sd,
        spread=s.spread,
        volume=s.volume,
        log_likelihood=tuple(history),
        degenerate=faults,
        right_at_nodes=right_at_nodes,
        grid=PREDICT_GRID,
    )


def _eta(model: Growth, attempts: Attempts, s: _State, grid: Nodes) -> tuple[Float, Float, Float]:
    """Logit of each try at each node, (n, G), and its slope and luck, (n,)."""
    chains = attempts.chains
    slope = chains.to_rows @ model.slope(s.values)[chains.concept]
    luck = chains.to_rows @ model.luck(s.values)[chains.concept]
    eta = chains.to_rows @ model.logits(s.values, chains, grid)
    eta -= (slope * s.difficulty[attempts.item])[:, None]
    return eta, slope, luck


def _iterate(model: Growth, attempts: Attempts, s: _State, follow: bool) -> float:
    """One iteration of EM, in place; returns the log-likelihood a try of the parameters it began with."""
    grid = nodes(s.spread, *FIT_GRID)
    eta, slope, luck = _eta(model, attempts, s, grid)
    chance = expit(eta)
    right = np.clip(luck[:, None] + (1.0 - luck[:, None]) * chance, _EDGE, 1.0 - _EDGE)
    log_likelihood = np.log(np.where(attempts.right[:, None] > 0, right, 1.0 - right))
    x = s.volume.x(attempts.concepts_met)
    weight, total = posterior(
        by_student(log_likelihood, attempts.student, len(attempts.students)),
        weights_by_volume(grid, s.spread, s.volume, x),
    )
    of_try = weight[attempts.student]
    per_logit = (1.0 - luck[:, None]) * chance * (1.0 - chance)
    surprise = of_try * (attempts.right[:, None] - right) / (right * (1.0 - right))
    information = of_try / (right * (1.0 - right))
    moved = _concept_steps(model, attempts, s, grid, surprise, information, per_logit, 1.0 - chance)
    _move_difficulty(attempts, s, slope, surprise, information, per_logit)
    s.values = s.values + moved
    present = attempts.concepts_met > 0
    mean, s.spread, s.volume = moments(weight[present], grid, s.volume, x[present])
    s.values = model.absorb(s.values, mean)
    if follow:
        seen = practised(attempts.chains.concept, len(attempts.concepts))
        for column, prior in enumerate(s.priors):
            prior.follow(s.values[seen, column])
    return total / len(attempts.student)


def _move_difficulty(
    attempts: Attempts, s: _State, slope: Float, surprise: Float, information: Float, per_logit: Float
) -> None:
    precision, items = 1.0 / s.difficulty_sd**2, attempts.items
    gradient = summed(attempts.item, -slope * (surprise * per_logit).sum(axis=1), items)
    curvature = summed(attempts.item, slope**2 * (information * per_logit**2).sum(axis=1), items) + precision
    s.difficulty = s.difficulty + step(gradient - s.difficulty * precision, curvature)
    seen = practised(attempts.item, items)
    s.difficulty_sd = float(np.sqrt((s.difficulty[seen] ** 2 + 1.0 / curvature[seen]).mean()))


def _concept_steps(
    model: Growth,
    attempts: Attempts,
    s: _State,
    grid: Nodes,
    surprise: Float,
    information: Float,
    per_logit: Float,
    unlucky: Float,
) -> Float:
    """Fisher scoring of each concept's parameters together, (K, P)."""
    chains = attempts.chains
    k, width = s.values.shape
    share = chains.share[:, None]
    difficulty = s.difficulty[chains.item][:, None]
    base = model.logits(s.values, chains, grid)
    slope = model.slope(s.values)
    effects = []  # of each parameter on P(right), (E, G) each
    for column in range(width):
        if column == model.luck_column():
            luck = model.luck(s.values)[chains.concept][:, None]
            effects.append(share * luck * (1.0 - luck) * unlucky[chains.row])
            continue
        nudged = s.values.copy()
        nudged[:, column] += _NUDGE
        change = model.logits(nudged, chains, grid) - base
        change -= (model.slope(nudged) - slope)[chains.concept][:, None] * difficulty
        effects.append(share * change / _NUDGE * per_logit[chains.row])
    gradient, curvature = np.empty((k, width)), np.empty((k, width, width))
    of_entry, weight = surprise[chains.row], information[chains.row]
    for i in range(width):
        gradient[:, i] = summed(chains.concept, (of_entry * effects[i]).sum(axis=1), k)
        gradient[:, i] += s.priors[i].gradient(s.values[:, i])
        for j in range(i, width):
            curvature[:, i, j] = summed(chains.concept, (weight * effects[i] * effects[j]).sum(axis=1), k)
            curvature[:, j, i] = curvature[:, i, j]
        curvature[:, i, i] += s.priors[i].curvature
    moved = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
    return np.asarray(np.clip(moved, -_LARGEST, _LARGEST), dtype=np.float64)
