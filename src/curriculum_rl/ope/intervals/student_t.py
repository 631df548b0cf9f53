"""Student's t on the terms of an estimate: exact terms of means, linearised ones of ratios.

With terms x_i whose mean is the estimate V, and E_c the sum of x_i - V over the students of cluster c,

    V +- t_{C - 1, (1 + level) / 2} sqrt(C / (C - 1) sum_c E_c^2) / n

Each student a cluster: the usual standard error. Terms of a ratio are those of its first-order expansion, such as
V + w_i (G_i - V) / mean w for WIS; estimators bring them (`Estimate`). What was fitted on the way counts as given.
Linearisation: Deville (1999), Survey Methodology 25. Clusters: Liang & Zeger (1986), doi:10.1093/biomet/73.1.13.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import t as student_t

from curriculum_rl.evaluation.statistics import standard_error
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate, Estimator
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
        half = float(student_t.ppf((1.0 + self.level) / 2.0, freedom)) * error
        return estimate.value - half, estimate.value + half
