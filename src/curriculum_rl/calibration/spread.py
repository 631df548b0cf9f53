"""How students differ: ability and rate of learning, jointly normal, integrated out on a small grid.

    (ability, rate) = L z,   z ~ N(0, I),   L the Cholesky factor of the covariance

The grid is a product of Gauss-Hermite rules in z, so it stretches with the fitted covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.calibration.attempts import Attempts


@dataclass(frozen=True)
class Spread:
    """Standard deviations of ability and rate between students, and their correlation."""

    ability_sd: float
    rate_sd: float
    correlation: float

    @property
    def covariance(self) -> Float:
        """(2, 2)."""
        off = self.correlation * self.ability_sd * self.rate_sd
        return np.array([[self.ability_sd**2, off], [off, self.rate_sd**2]])

    @classmethod
    def from_covariance(cls, covariance: Float) -> Spread:
        """From a (2, 2) covariance matrix."""
        sd = np.sqrt(np.diag(covariance))
        product = sd[0] * sd[1]
        correlation = covariance[0, 1] / product if product > 0 else 0.0
        return cls(float(sd[0]), float(sd[1]), float(np.clip(correlation, -0.99, 0.99)))


@dataclass(frozen=True)
class Nodes:
    """G points of the trait space and their probabilities, (G,) each."""

    ability: Float
    rate: Float
    weight: Float


def nodes(spread: Spread, abilities: int, rates: int) -> Nodes:
    """The grid for this spread: `abilities` by `rates` points."""
    za, wa = np.polynomial.hermite_e.hermegauss(abilities)
    zr, wr = np.polynomial.hermite_e.hermegauss(rates)
    first, second = np.repeat(za, rates), np.tile(zr, abilities)
    weight = np.repeat(wa, rates) * np.tile(wr, abilities)
    rho = spread.correlation
    return Nodes(
        ability=spread.ability_sd * first,
        rate=spread.rate_sd * (rho * first + np.sqrt(1.0 - rho**2) * second),
        weight=weight / weight.sum(),
    )


def posterior(log_likelihood: Float, grid: Nodes) -> tuple[Float, float]:
    """P(node | all that each student did), (U, G), and the marginal log-likelihood of everybody.

    Args:
        log_likelihood: of each student at each node, (U, G); 0 for a student without tries.
    """
    joint = log_likelihood + np.log(grid.weight)
    top = joint.max(axis=1, keepdims=True)
    weight = np.exp(joint - top)
    total = weight.sum(axis=1, keepdims=True)
    return weight / total, float((np.log(total) + top).sum())


def by_student(values: Float, student: Int, students: int) -> Float:
    """Sums rows, (n, G), over each student's tries, (U, G)."""
    # Rows are sorted by student, so a running sum over contiguous blocks is enough.
    present, begins = np.unique(student, return_index=True)
    sums = np.zeros((students, values.shape[1]))
    sums[present] = np.add.reduceat(values, begins, axis=0)
    return sums


def moments(weight: Float, grid: Nodes) -> Float:
    """Second moments of the traits under these posteriors, (2, 2): the next covariance of EM."""
    mass = weight.mean(axis=0)
    traits = np.stack([grid.ability, grid.rate])
    second: Float = (traits * mass) @ traits.T
    return second


def before_each_try(attempts: Attempts, log_likelihood: Float, grid: Nodes) -> Float:
    """P(node | the student's earlier tries), (n, G), from the log-likelihood of each try at each node, (n, G)."""
    earlier = np.cumsum(log_likelihood, axis=0) - log_likelihood
    earlier -= earlier[attempts.begins]
    earlier += np.log(grid.weight)
    earlier -= earlier.max(axis=1, keepdims=True)
    np.exp(earlier, out=earlier)
    earlier /= earlier.sum(axis=1, keepdims=True)
    return earlier
