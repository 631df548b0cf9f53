"""Student's t on the terms of an estimate: exact terms of means, linearised ones of ratios.

With terms x_i whose mean is the estimate V, and E_c the sum of x_i - V over the students of cluster c,

    V +- t_{f, (1 + level) / 2} sqrt(C / (C - 1) sum_c E_c^2) / n
    f = min(C - 1, 2 C / (kurtosis - 1)),  kurtosis = C sum_c E_c^4 / (sum_c E_c^2)^2

Each student a cluster, and tails no heavier than normal ones: the textbook's interval. Where a few large weights make
up most of the spread, the spread itself is as uncertain as if it came from f + 1 normal terms (Satterthwaite 1946,
doi:10.2307/3002019). Terms of a ratio are those of its first-order expansion, such as V + w_i (G_i - V) / mean w for
WIS; estimators bring them (`Estimate`). What was fitted on the way counts as given.
Linearisation: Deville (1999), Survey Methodology 25. Clusters: Liang & Zeger (1986), doi:10.1093/biomet/73.1.13.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import t as student_t

from curriculum_rl.evaluation.statistics import standard_error
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate, Estimator
from curriculum_rl.ope.intervals.interval import Clusters
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class StudentT:
    """Symmetric about the estimate.

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
        error, freedom = standard_error(estimate.terms, episodes.cluster.tolist())
        clusters = freedom + 1.0
        kurtosis = clusters / carrying(episodes, estimate)
        if kurtosis > 1.0:
            freedom = min(freedom, 2.0 * clusters / (kurtosis - 1.0))
        half = float(student_t.ppf((1.0 + self.level) / 2.0, freedom)) * error
        return estimate.value - half, estimate.value + half


def carrying(episodes: Episodes, estimate: Estimate) -> float:
    """How many students (or clusters) carry the spread of an estimate: (sum_c E_c^2)^2 / sum_c E_c^4.

    A third of all where terms are normal; few where a few make up the spread, so that who was not logged might have.
    All, where there is no spread.
    """
    clusters = Clusters.of(episodes)
    squares = clusters.sums(estimate.terms - estimate.value) ** 2
    fourth = float((squares**2).sum())
    return float(squares.sum()) ** 2 / fourth if fourth > 0.0 else float(len(clusters))
