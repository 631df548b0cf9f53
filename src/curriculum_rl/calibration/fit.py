"""A fitted population, whatever its model, and what every fitting needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.calibration.spread import (
    Nodes,
    Spread,
    Volume,
    before_each_try,
    by_student,
    nodes,
    posterior,
    weights_by_volume,
)
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.memory.consolidation import Consolidation

Tick = Callable[[str, int, int], None]
"""Told what is being done, the steps done, and the steps in all."""

RightAtNodes = Callable[[Attempts, Nodes], Float]
"""P(right) of each try at each point of the trait space, given the student's earlier tries, (n, G)."""


def silent(what: str, done: int, total: int) -> None:
    """A `Tick` that shows nothing."""


@dataclass(frozen=True)
class Fit:
    """A population fitted to a log: K concepts, J items.

    Attributes:
        knowledge: the fitted model of knowledge, one set of numbers for each concept.
        difficulty: of each item, logits above a medium item of its concepts, shrunk towards 0, (J,).
        difficulty_sd: the fitted spread of difficulty between items.
        spread: of ability and rate between students.
        volume: how both go with the number of concepts met in the log.
        log_likelihood: marginal, nats a try, after each iteration.
        degenerate: why a concept's numbers cannot be trusted; "" where they can, (K,).
        right_at_nodes: the one-step predictions of this fit.
        grid: points of ability and of rate that prediction integrates over.
        memory: fitted to the log's times; None where it is assumed.
    """

    knowledge: ConceptModel
    difficulty: Float
    difficulty_sd: float
    spread: Spread
    volume: Volume
    log_likelihood: tuple[float, ...]
    degenerate: tuple[str, ...]
    right_at_nodes: RightAtNodes
    grid: tuple[int, int]
    memory: Consolidation | None = None

    def predict(self, attempts: Attempts) -> Float:
        """P(right) one step ahead of each try, (n,).

        A student's ability and rate are inferred from that student's earlier tries alone.
        """
        grid = nodes(self.spread, *self.grid)
        right = self.right_at_nodes(attempts, grid)
        weight = before_each_try(attempts, log_likelihood(attempts, right), grid)
        predicted: Float = np.clip((weight * right).sum(axis=1), 1e-6, 1.0 - 1e-6)
        return predicted

    def prior(self, attempts: Attempts) -> tuple[Float, Nodes]:
        """P(node) of each student from the number of concepts met alone, (U, G), and the nodes."""
        grid = nodes(self.spread, *self.grid)
        x = self.volume.x(attempts.concepts_met)
        return weights_by_volume(grid, self.spread, self.volume, x), grid

    def posterior(self, attempts: Attempts) -> tuple[Float, Nodes]:
        """P(node) of each student given all of that student's tries, (U, G), and the nodes."""
        prior, grid = self.prior(attempts)
        likelihood = log_likelihood(attempts, self.right_at_nodes(attempts, grid))
        weight, _ = posterior(by_student(likelihood, attempts.student, len(attempts.students)), prior)
        return weight, grid


def log_likelihood(attempts: Attempts, right: Float) -> Float:
    """Of each answer at each node, (n, G)."""
    log: Float = np.log(np.where(attempts.right[:, None] > 0, right, 1.0 - right))
    return log


class Fitter(Protocol):
    """Fits one model of knowledge to all tries of `attempts` by marginal likelihood."""

    def __call__(self, attempts: Attempts, iterations: int, tick: Tick) -> Fit: ...


@dataclass
class Prior:
    """A normal prior over the concepts of one parameter, on its unbounded scale; its own numbers are fitted too.

    Attributes:
        mean, sd: of the prior; `sd` never falls under `floor`, so that no concept is tied to the others.
    """

    mean: float
    sd: float
    floor: float = 0.3

    def gradient(self, value: Float) -> Float:
        """Of the log density, (K,)."""
        return (self.mean - value) / self.sd**2

    @property
    def curvature(self) -> float:
        """Of the negative log density."""
        return 1.0 / self.sd**2

    def follow(self, value: Float) -> None:
        """Moves to the concepts' mean and spread (empirical Bayes)."""
        self.mean, self.sd = float(value.mean()), max(self.floor, float(value.std()))


def summed(index: Int, values: Float, size: int) -> Float:
    """Sums of `values` by `index`, (size,)."""
    return np.bincount(index, weights=values, minlength=size).astype(np.float64)


def step(gradient: Float, curvature: Float) -> Float:
    """One Newton step of each parameter, kept to at most 1 logit."""
    moved: Float = np.clip(gradient / curvature, -1.0, 1.0)
    return moved


def practised(concept: Int, concepts: int) -> Bool:
    """Which concepts have any entry, (K,)."""
    seen: Bool = np.bincount(concept, minlength=concepts) > 0
    return seen
