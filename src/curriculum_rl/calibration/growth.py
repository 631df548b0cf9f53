"""Models whose logit of being right grows with practice, fitted by expectation-maximisation.

    P(right) = c + (1 - c) logistic(eta),   eta = sum over the item's concepts of share * (x_k - a_k * difficulty)

Where a memory is fitted, what was gained is multiplied by what is kept of it: see `forgetting.py`.

x_k is what a student at one point of the trait space has on concept k before the try: it follows from the earlier
tries, in PFA from their answers too. c and a are shares-weighted means over the item's concepts.

E: the posterior of each student over a grid of (ability, rate). M: one step of Fisher scoring for each concept (all of
its parameters together) and each item, penalised by normal priors whose own mean and spread are fitted (empirical
Bayes); the covariance follows the posterior's second moments. Bock & Aitkin (1981), doi:10.1007/BF02293801.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy.special import expit

from curriculum_rl.batch import Float
from curriculum_rl.calibration.attempts import Attempts, Chains
from curriculum_rl.calibration.fit import Fit, Prior, Tick, practised, step, summed
from curriculum_rl.calibration.forgetting import Fitted, Forgetting, first_guess, retention
from curriculum_rl.calibration.spread import (
    LEAST,
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
        """x before each entry of the chains at each node, nothing forgotten, (E, G)."""

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
    forgetting: Forgetting | None = None  # None: all is kept
    least: Float = field(default_factory=LEAST.copy)  # added to the variances of ability and rate, (2,)


def fit_growth(
    model: Growth,
    attempts: Attempts,
    iterations: int,
    tick: Tick,
    memory: Fitted = "assumed",
    least: Float = LEAST,
    tolerance: float = 2e-5,
) -> Fit:
    """Fits the population, and its memory unless that is assumed; stops at a gain under `tolerance` nats a try."""
    priors, volume = model.priors(), Volume.of(attempts.concepts_met)
    means = [prior.mean for prior in priors]
    s = _State(
        values=np.tile(np.array(means), (len(attempts.concepts), 1)),
        difficulty=np.zeros(attempts.items),
        spread=model.spread(),
        volume=volume,
        priors=priors,
        forgetting=None if memory in ("assumed", "none") else Forgetting.of(first_guess(memory), attempts.chains),
        least=least,
    )
    history: list[float] = []
    for i in range(iterations):
        tick("fitting", i, iterations)
        history.append(_iterate(model, attempts, s, follow=i >= 3))
        gained = history[-1] - history[-2] if i else np.inf
        # With memory fitted, it must have settled, too; and of rare items the likelihood falls while they shrink to 0.
        settled = gained < tolerance if memory == "assumed" else abs(gained) < tolerance
        settled &= s.forgetting is None or s.forgetting.settled
        if i > 5 and settled:
            break
    knowledge, faults = model.finish(s.values)
    fitted = s.forgetting.memory if s.forgetting else None

    def right_at_nodes(others: Attempts, grid: Nodes) -> Float:
        kept = retention(fitted, others.chains) if fitted else None
        eta, _, luck = _eta(model, others, s, grid, kept)
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
        memory=fitted,
    )


def _x(model: Growth, values: Float, chains: Chains, grid: Nodes, kept: Float | None) -> Float:
    """x before each entry at each node, (E, G), of which practice is kept to a part, (E,)."""
    x = model.logits(values, chains, grid)
    if kept is not None:
        first = x[chains.first]
        x = first + kept[:, None] * (x - first)
    return x


def _eta(model: Growth, attempts: Attempts, s: _State, grid: Nodes, kept: Float | None) -> tuple[Float, Float, Float]:
    """Logit of each try at each node, (n, G), and its slope and luck, (n,)."""
    chains = attempts.chains
    slope = chains.to_rows @ model.slope(s.values)[chains.concept]
    luck = chains.to_rows @ model.luck(s.values)[chains.concept]
    eta = chains.to_rows @ _x(model, s.values, chains, grid, kept)
    eta -= (slope * s.difficulty[attempts.item])[:, None]
    return eta, slope, luck


@dataclass(frozen=True)
class _Tries:
    """Every try at every node under the current parameters, (n, G), or (n,) where no node matters."""

    right: Float  # P(right)
    unlucky: Float  # 1 - logistic(eta)
    per_logit: Float  # change of P(right) for one logit
    slope: Float  # (n,)

    def surprise(self, answer: Float, weight: Float) -> Float:
        """Derivative of the expected log-likelihood with P(right)."""
        return weight * (answer[:, None] - self.right) / (self.right * (1.0 - self.right))

    def information(self, weight: Float) -> Float:
        """And minus its expected second derivative."""
        return weight / (self.right * (1.0 - self.right))


def _tries(model: Growth, attempts: Attempts, s: _State, grid: Nodes) -> _Tries:
    eta, slope, luck = _eta(model, attempts, s, grid, s.forgetting.kept if s.forgetting else None)
    chance, spare = expit(eta), 1.0 - luck[:, None]
    right = np.clip(1.0 - spare + spare * chance, _EDGE, 1.0 - _EDGE)
    return _Tries(right, 1.0 - chance, spare * chance * (1.0 - chance), slope)


def _iterate(model: Growth, attempts: Attempts, s: _State, follow: bool) -> float:
    """One iteration of EM, in place; returns the log-likelihood a try of the parameters it began with."""
    grid = nodes(s.spread, *FIT_GRID)
    tries = _tries(model, attempts, s, grid)
    log_likelihood = np.log(np.where(attempts.right[:, None] > 0, tries.right, 1.0 - tries.right))
    x = s.volume.x(attempts.concepts_met)
    weight, total = posterior(
        by_student(log_likelihood, attempts.student, len(attempts.students)),
        weights_by_volume(grid, s.spread, s.volume, x),
    )
    of_try = weight[attempts.student]
    s.values = s.values + _concept_steps(model, attempts, s, grid, tries, of_try)
    # Items move after concepts, not with them: both can explain the same surprise, and together would overshoot.
    _move_difficulty(attempts, s, _tries(model, attempts, s, grid), of_try)
    if s.forgetting is not None:
        _move_memory(model, attempts, s, grid, s.forgetting, of_try)
    present = attempts.concepts_met > 0
    mean, s.spread, s.volume = moments(weight[present], grid, s.volume, x[present], s.least)
    s.values = model.absorb(s.values, mean)
    if follow:
        seen = practised(attempts.chains.concept, len(attempts.concepts))
        for column, prior in enumerate(s.priors):
            prior.follow(s.values[seen, column])
    return total / len(attempts.student)


def _move_difficulty(attempts: Attempts, s: _State, tries: _Tries, weight: Float) -> None:
    precision, items = 1.0 / s.difficulty_sd**2, attempts.items
    score = (tries.surprise(attempts.right, weight) * tries.per_logit).sum(axis=1)
    information = (tries.information(weight) * tries.per_logit**2).sum(axis=1)
    gradient = summed(attempts.item, -tries.slope * score, items) - s.difficulty * precision
    curvature = summed(attempts.item, tries.slope**2 * information, items) + precision
    s.difficulty = s.difficulty + step(gradient, curvature)
    seen = practised(attempts.item, items)
    s.difficulty_sd = float(np.sqrt((s.difficulty[seen] ** 2 + 1.0 / curvature[seen]).mean()))


def _move_memory(
    model: Growth, attempts: Attempts, s: _State, grid: Nodes, forgetting: Forgetting, weight: Float
) -> None:
    """Fisher scoring of the memory, which all concepts share."""
    chains, tries = attempts.chains, _tries(model, attempts, s, grid)
    x = model.logits(s.values, chains, grid)
    grown = x - x[chains.first]
    surprise, mass = tries.surprise(attempts.right, weight), tries.information(weight)

    def slope(change: Float) -> tuple[Float, Float]:
        effects = [tries.per_logit * (chains.to_rows @ (grown * of_r[:, None])) for of_r in change]
        gradient = np.array([(surprise * effect).sum() for effect in effects])
        return gradient, np.array([[(mass * one * other).sum() for other in effects] for one in effects])

    s.forgetting = forgetting.moved(chains, slope)


def _concept_steps(model: Growth, attempts: Attempts, s: _State, grid: Nodes, tries: _Tries, weight: Float) -> Float:
    """Fisher scoring of each concept's parameters together, (K, P)."""
    chains = attempts.chains
    k, width = s.values.shape
    effects = _effects(model, chains, s, grid, tries)
    of_entry = tries.surprise(attempts.right, weight)[chains.row]
    mass = tries.information(weight)[chains.row]
    gradient, curvature = np.empty((k, width)), np.empty((k, width, width))
    for i in range(width):
        gradient[:, i] = summed(chains.concept, (of_entry * effects[i]).sum(axis=1), k)
        gradient[:, i] += s.priors[i].gradient(s.values[:, i])
        for j in range(i, width):
            curvature[:, i, j] = summed(chains.concept, (mass * effects[i] * effects[j]).sum(axis=1), k)
            curvature[:, j, i] = curvature[:, i, j]
        curvature[:, i, i] += s.priors[i].curvature
    moved = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
    return np.asarray(np.clip(moved, -_LARGEST, _LARGEST), dtype=np.float64)


def _effects(model: Growth, chains: Chains, s: _State, grid: Nodes, tries: _Tries) -> list[Float]:
    """Change of P(right) with each parameter of the entry's concept, (E, G) each; growth by finite differences."""
    share = chains.share[:, None]
    difficulty = s.difficulty[chains.item][:, None]
    kept = s.forgetting.kept if s.forgetting else None
    base, slope = _x(model, s.values, chains, grid, kept), model.slope(s.values)
    per_logit = tries.per_logit[chains.row]
    effects: list[Float] = []
    for column in range(s.values.shape[1]):
        if column == model.luck_column():
            luck = model.luck(s.values)[chains.concept][:, None]
            effects.append(share * luck * (1.0 - luck) * tries.unlucky[chains.row])
            continue
        nudged = s.values.copy()
        nudged[:, column] += _NUDGE
        change = _x(model, nudged, chains, grid, kept) - base
        change -= (model.slope(nudged) - slope)[chains.concept][:, None] * difficulty
        effects.append(share * change / _NUDGE * per_logit)
    return effects
