"""Model and guided importance sampling combined (MAGIC): how far to trust the weights before the model takes over.

The j-step return follows the weights up to decision j and the model from there (j = -1: the model alone; j = T - 1:
WDR), u as in WDR:

    g_j = sum_{t <= j} g^t sum_i [u_it (r_it - Q_it) + u_i,t-1 V_it] + g^(j+1) sum_i u_ij V_i,j+1

MAGIC = sum_j x_j g_j with x >= 0, sum x = 1 that minimises x' (Omega + b b') x: Omega the covariance of the g_j (here
of their linearised terms, since u is a ratio), b_j the distance of g_j from a percentile bootstrap interval of WDR.
The bootstrap redraws clusters, by their numbers, so that the order of students does not matter.
Source: Thomas & Brunskill (2016), Data-efficient off-policy policy evaluation, arXiv:1604.00923.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from curriculum_rl.batch import Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.doubly_robust import weighted_sums
from curriculum_rl.ope.estimators.estimator import Estimate
from curriculum_rl.ope.estimators.weighted_doubly_robust import weighted_parts
from curriculum_rl.ope.values.values import ActionValues, Values
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Magic:
    """A mixture of returns that leave the weights for the model after different numbers of decisions.

    Attributes:
        values: the model of what activities are worth.
        steps: each j to mix, from -1; any from the last decision on is WDR; null mixes every one.
        coverage: of the interval of WDR from which bias is measured.
        draws: bootstrap draws for the interval.
        seed: of the draws.
    """

    values: ActionValues
    steps: tuple[int, ...] | None = None
    coverage: float = 0.9
    draws: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        check = Violations("magic")
        check.each("steps", self.steps or (), at_least=-1)
        check.that(self.steps is None or self.steps, "steps must name at least one step, or be null")
        check.number("coverage", self.coverage, above=0.0, below=1.0)
        check.number("draws", self.draws, at_least=20, whole=True)
        check.number("seed", self.seed, at_least=0, whole=True)
        check.raise_all()

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """See `Estimator`; the terms are those of WDR, moved to the value.

        Those of the g_j take the model as given, and know the less of its errors the more they trust it. With a model
        that is learnt from the same students and is right, every g_j has the errors of WDR at most.
        """
        model = self.values.fit(episodes, discount)
        corrections, values = weighted_parts(episodes, model, discount)
        returns = np.cumsum(np.pad(values, ((0, 0), (0, 1))), axis=1)
        returns += np.cumsum(np.pad(corrections, ((0, 0), (1, 0))), axis=1)
        columns = np.arange(returns.shape[1])
        if self.steps is not None:
            columns = np.unique(np.minimum(np.array(self.steps) + 1, columns[-1]))
        means = returns.mean(axis=0)
        if np.isfinite(means).all():
            value = float(means[columns] @ self._mixture(episodes, model, discount, returns[:, columns]))
        else:
            value = float("nan")
        return Estimate(value, value + returns[:, -1] - means[-1], episodes.weights[:, -1])

    def _mixture(self, episodes: Episodes, model: Values, discount: float, returns: Float) -> Float:
        """x, (J,), for returns (n, J)."""
        if returns.shape[1] == 1:
            return np.ones(1)
        means = returns.mean(axis=0)
        bias = means - means.clip(*self._interval(episodes, model, discount))
        omega = np.cov(returns, rowvar=False, bias=True) / len(returns)
        return least_on_simplex(omega + np.outer(bias, bias))

    def _interval(self, episodes: Episodes, model: Values, discount: float) -> tuple[float, float]:
        """Percentile bootstrap interval of WDR, by cluster; the model is not fitted again."""
        clusters, member = np.unique(episodes.cluster, return_inverse=True)
        rng = np.random.default_rng(self.seed)
        counts = rng.multinomial(len(clusters), np.full(len(clusters), 1 / len(clusters)), self.draws)[:, member]
        with np.errstate(invalid="ignore"):
            ratios = [counts @ (weights * x) / (counts @ weights) for weights, x in weighted_sums(episodes, model)]
        wdr = sum(ratios) @ episodes.discounts(discount)
        low, high = np.nanquantile(wdr, [(1 - self.coverage) / 2, (1 + self.coverage) / 2])
        return float(low), float(high)


def least_on_simplex(m: Float) -> Float:
    """x >= 0 with sum 1 that minimises x' M x, (J,), for M symmetric and positive semidefinite, (J, J).

    With M = L'L this is least squares |L y|^2 + (1 - sum y)^2 over y >= 0, divided by its sum: for y = s x the best s
    leaves f / (1 + f) of f = x' M x, which grows with f.
    """
    scale = m.diagonal().min() or m.diagonal().max() or 1.0
    eigenvalues, vectors = np.linalg.eigh(m / scale)
    root = np.sqrt(eigenvalues.clip(0.0))[:, None] * vectors.T
    y, _ = nnls(np.vstack([root, np.ones(len(m))]), np.append(np.zeros(len(m)), 1.0))
    x: Float = y / y.sum()
    return x
