"""The bootstrap of the whole estimator: who was logged is drawn anew, and everything is estimated again.

Clusters are drawn with replacement, as many as there are; whatever the estimator fits (values of activities, how to
mix, the logged policy where `Fitted` wraps it) is fitted again on each draw. Of the replicates' values the interval
takes the quantiles Phi(z) at both ends, for a percentile interval with z = z_tail = Phi^-1((1 -+ level) / 2), and for
a bias-corrected and accelerated one (BCa) with

    z = z_0 + (z_0 + z_tail) / (1 - a (z_0 + z_tail)),  z_0 = Phi^-1(share of replicates below the estimate),
    a = sum_g d_g^3 / (6 (sum_g d_g^2)^{3/2}),          d_g = mean of the V_(g) - V_(g),

V_(g) the estimate without cluster g. Beyond `groups` clusters, whole groups of them drawn at random are left out
instead, so many that there are `groups`: sums of independent influences have the same third moment, so a is estimated
without a refit for each of many thousands of students, but with more noise.
Source: Efron (1987), doi:10.1080/01621459.1987.10478410.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from curriculum_rl.batch import Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate, Estimator
from curriculum_rl.ope.intervals.interval import Clusters
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Bootstrap:
    """Quantiles of what the estimator says of students drawn anew.

    Attributes:
        level: share of such intervals that should hold the truth.
        replicates: how often they are drawn.
        corrected: for bias and for a spread that grows with the value (BCa).
        groups: estimates without a part of the clusters that the correction takes at most.
        seed: of the draws.
    """

    level: float = 0.95
    replicates: int = 1_000
    corrected: bool = False
    groups: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        check = Violations("bootstrap interval")
        check.number("level", self.level, above=0.0, below=1.0)
        check.number("replicates", self.replicates, at_least=100, whole=True)
        check.number("groups", self.groups, at_least=10, whole=True)
        check.number("seed", self.seed, at_least=0, whole=True)
        check.raise_all()

    def of(
        self, estimator: Estimator, episodes: Episodes, estimate: Estimate, discount: float = 1.0
    ) -> tuple[float, float]:
        """See `Interval`. Replicates in which nobody did what the target does have no value, and are left out."""
        clusters = Clusters.of(episodes)
        clusters.at_least_two()
        draws = np.random.default_rng([self.seed, 0])
        count = len(clusters)
        drawn = (clusters.members(draws.integers(0, count, count)) for _ in range(self.replicates))
        values = np.array([estimator.estimate(episodes.take(students), discount).value for students in drawn])
        values = values[np.isfinite(values)]
        if not math.isfinite(estimate.value) or len(values) == 0:
            return math.nan, math.nan
        z = norm.ppf([(1.0 - self.level) / 2.0, (1.0 + self.level) / 2.0])
        if self.corrected:
            left_out = self._left_out(estimator, episodes, clusters, discount)
            z = corrected(z, bias(values, estimate.value), acceleration(left_out))
        low, high = np.quantile(values, norm.cdf(z))
        return float(low), float(high)

    def _left_out(self, estimator: Estimator, episodes: Episodes, clusters: Clusters, discount: float) -> Float:
        """Estimates without each cluster, or each group of clusters, (groups,)."""
        groups = min(self.groups, len(clusters))
        shuffled = np.random.default_rng([self.seed, 1]).permutation(len(clusters))
        group = np.empty(len(clusters), dtype=np.int64)
        group[shuffled] = np.arange(len(clusters)) % groups
        kept = (clusters.members(np.flatnonzero(group != g)) for g in range(groups))
        return np.array([estimator.estimate(episodes.take(students), discount).value for students in kept])


def bias(values: Float, estimate: float) -> float:
    """z_0: how far the estimate is from the middle of the replicates; ties count half, ends are kept finite."""
    below = np.count_nonzero(values < estimate) + 0.5 * np.count_nonzero(values == estimate)
    return float(norm.ppf(np.clip(below / len(values), 0.5 / len(values), 1.0 - 0.5 / len(values))))


def acceleration(left_out: Float) -> float:
    """a, by how skewed the influences of what is left out are."""
    d = left_out[np.isfinite(left_out)].mean() - left_out[np.isfinite(left_out)]
    square = float((d**2).sum())
    return float((d**3).sum()) / (6.0 * square**1.5) if square > 0.0 else 0.0


def corrected(z: Float, bias: float, acceleration: float) -> Float:
    """Where the ends of the interval are among the replicates, by z-score."""
    shifted: Float = bias + z
    return bias + shifted / (1.0 - acceleration * shifted)
