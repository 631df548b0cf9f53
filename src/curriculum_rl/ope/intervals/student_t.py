"""Student's t on the terms of an estimate: exact ones of means, linearised ones of ratios; longer where they are skew.

With terms x_i whose mean is the estimate V, E_c the sum of x_i - V over the students of cluster c, and z the quantile
of t with f degrees of freedom at (1 + level) / 2, the interval is V +- z s, or further on the side of the longer tail:

    s = sqrt(C / (C - 1) sum_c E_c^2) / n
    f = min(C - 1, 2 C / (kurtosis - 1)),             kurtosis = C sum_c E_c^4 / (sum_c E_c^2)^2
    V - h(z) s to V - h(-z) s,                        skewness = sqrt(C) sum_c E_c^3 / (sum_c E_c^2)^{3/2}
    h(y) = (3 / a) [ (1 + a (y - a / 6))^{1/3} - 1 ],  a = skewness / sqrt(C)

Each student a cluster, terms symmetric and their tails no heavier than normal ones: the textbook's interval. Weights
are neither. Where a few large ones make up most of the spread, the spread itself is as uncertain as if it came from
f + 1 normal terms (Satterthwaite 1946, doi:10.2307/3002019); and where students with large weights were by chance not
logged, both V and s are too small, so that the truth is missed on the side of the long tail: h undoes that (Hall 1992,
doi:10.2307/2346049). The other side is not made shorter. Terms of a ratio are those of its first-order expansion, such
as V + w_i (G_i - V) / mean w for WIS; estimators bring them (`Estimate`). What was fitted on the way counts as given.
Linearisation: Deville (1999), Survey Methodology 25. Clusters: Liang & Zeger (1986), doi:10.1093/biomet/73.1.13.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t

from curriculum_rl.batch import Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate, Estimator
from curriculum_rl.ope.intervals.interval import Clusters
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class StudentT:
    """Symmetric about the estimate where its terms are.

    Attributes:
        level: share of such intervals that should hold the truth.
    """

    level: float = 0.95

    def __post_init__(self) -> None:
        check = Violations("t interval")
        check.number("level", self.level, above=0.0, below=1.0)
        check.raise_all()

    def of(
        self, estimator: Estimator, episodes: Episodes, estimate: Estimate, discount: float = 1.0
    ) -> tuple[float, float]:
        """See `Interval`."""
        if not math.isfinite(estimate.value):
            return math.nan, math.nan
        clusters = Clusters.of(episodes)
        error, freedom = clusters.error(estimate.terms)
        if error == 0.0:
            return estimate.value, estimate.value
        from_value = _scaled(clusters.sums(estimate.terms - estimate.value))
        kurtosis = len(clusters) / _carrying(from_value)
        if kurtosis > 1.0:
            freedom = min(freedom, 2.0 * len(clusters) / (kurtosis - 1.0))
        z = float(student_t.ppf((1.0 + self.level) / 2.0, freedom))
        skew = float((from_value**3).sum()) / float((from_value**2).sum()) ** 1.5  # a: skewness over sqrt(C)
        low, high = max(z, unskewed(z, skew)), min(-z, unskewed(-z, skew))
        return estimate.value - low * error, estimate.value - high * error


def unskewed(y: float, a: float) -> float:
    """h(y): where the mean of skew terms, in standard errors, is as likely to be passed as y by a normal one."""
    return 3.0 / a * float(np.cbrt(1.0 + a * (y - a / 6.0)) - 1.0) if abs(a) > 1e-6 else y


def carrying(episodes: Episodes, estimate: Estimate) -> float:
    """How many students (or clusters) carry the spread of an estimate: (sum_c E_c^2)^2 / sum_c E_c^4.

    A third of all where terms are normal; few where a few make up the spread, so that who was not logged might have.
    All, where there is no spread.
    """
    return _carrying(_scaled(Clusters.of(episodes).sums(estimate.terms - estimate.value)))


def _carrying(from_value: Float) -> float:
    fourth = float((from_value**4).sum())
    return float((from_value**2).sum()) ** 2 / fourth if fourth > 0.0 else float(len(from_value))


def _scaled(from_value: Float) -> Float:
    """Of at most 1, so that powers of very large and very small terms stay numbers."""
    scaled: Float = from_value / (float(np.abs(from_value).max()) or 1.0)
    return scaled
