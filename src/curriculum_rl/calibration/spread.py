"""How students differ: ability and rate of learning, jointly normal, integrated out on a small grid.

    (ability, rate) = L z,   z ~ N(0, I),   L the Cholesky factor of the covariance

The grid is a product of Gauss-Hermite rules in z, so it stretches with the fitted covariance.

In a log those who get further are often abler. Left out, that would bias what few answers say about a student, so
the mean of the traits may depend on how many concepts the student meets in the log (latent regression, Mislevy 1984):

    (ability, rate) = slope * x + e,   x the standardised log number of concepts,   covariance = slope slope' + cov(e)

Only the fit and its simulation of the same students use x. One-step predictions of unseen students do not: how long a
student will stay is not known in advance; nor do simulated populations, which take the covariance as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.calibration.attempts import Attempts

LEAST = np.array([1e-4, 1e-4])
LARGEST_CORRELATION = 0.99


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
        return cls(float(sd[0]), float(sd[1]), float(np.clip(correlation, -LARGEST_CORRELATION, LARGEST_CORRELATION)))


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


@dataclass(frozen=True)
class Volume:
    """How traits go with the number of concepts met: x = (ln met - centre) / scale, and its slopes."""

    centre: float
    scale: float
    ability: float = 0.0
    rate: float = 0.0

    @classmethod
    def of(cls, met: Int) -> Volume:
        """Standardised over students who met so many concepts, slopes still 0."""
        logs = np.log(met[met > 0])
        return cls(float(logs.mean()), max(float(logs.std()), 1e-6))

    def x(self, met: Int) -> Float:
        """The standardised log number of concepts; 0, the mean, where there is none."""
        logs = np.log(np.maximum(met, 1))
        return np.where(met > 0, (logs - self.centre) / self.scale, 0.0)


def weights_by_volume(grid: Nodes, spread: Spread, volume: Volume, x: Float) -> Float:
    """P(node | number of concepts met), (U, G): the grid's own weights, reweighted to each student's mean."""
    slope = np.array([volume.ability, volume.rate])
    if not slope.any():
        return np.tile(grid.weight, (len(x), 1))
    points = np.stack([grid.ability, grid.rate], axis=1)
    whole = np.linalg.inv(spread.covariance)
    rest = np.linalg.inv(spread.covariance - np.outer(slope, slope))
    base = np.einsum("gi,ij,gj->g", points, whole, points)
    off = points[None] - x[:, None, None] * slope
    exponent = 0.5 * (base - np.einsum("ugi,ij,ugj->ug", off, rest, off))
    weight = grid.weight * np.exp(exponent - exponent.max(axis=1, keepdims=True))
    normal: Float = weight / weight.sum(axis=1, keepdims=True)
    return normal


def posterior(log_likelihood: Float, prior: Float) -> tuple[Float, float]:
    """P(node | all that each student did), (U, G), and the marginal log-likelihood of everybody.

    Args:
        log_likelihood: of each student at each node, (U, G); 0 for a student without tries.
        prior: P(node) for each student, (U, G).
    """
    joint = log_likelihood + np.log(np.maximum(prior, 1e-300))
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


def moments(weight: Float, grid: Nodes, volume: Volume, x: Float, least: Float = LEAST) -> tuple[Float, Spread, Volume]:
    """The next mean of (ability, rate), (2,), their whole spread around it, and the slopes on volume, of EM.

    The model has no mean of its own: the caller moves it into the concepts' parameters (parameter-expanded EM, Liu,
    Rubin & Wu 1998), or EM would crawl there.

    Args:
        weight: posteriors of the students with tries, (U, G).
        x: their standardised log numbers of concepts, (U,), of mean 0 and variance 1.
        least: added to the variances of ability and rate, (2,), so that none ever collapses to 0.
    """
    traits = np.stack([grid.ability, grid.rate], axis=1)
    own = weight @ traits
    mean = own.mean(axis=0)
    slope = ((x - x.mean())[:, None] * own).mean(axis=0) / max(float(x.var()), 1e-12)
    second = (traits.T * weight.mean(axis=0)) @ traits - np.outer(mean, mean)
    spread = Spread.from_covariance(second + np.diag(least))
    return mean, spread, replace(volume, ability=float(slope[0]), rate=float(slope[1]))


def before_each_try(attempts: Attempts, log_likelihood: Float, grid: Nodes) -> Float:
    """P(node | the student's earlier tries), (n, G), from the log-likelihood of each try at each node, (n, G)."""
    earlier = np.cumsum(log_likelihood, axis=0) - log_likelihood
    earlier -= earlier[attempts.begins]
    earlier += np.log(grid.weight)
    earlier -= earlier.max(axis=1, keepdims=True)
    np.exp(earlier, out=earlier)
    earlier /= earlier.sum(axis=1, keepdims=True)
    return earlier
