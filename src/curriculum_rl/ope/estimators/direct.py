"""Direct method: a model of what activities are worth, asked what the target's are worth at the start.

    V = mean_i V(s_i0),    V(s) = sum_a pi(a | s) Q(s, a)

No weights, so little spread; what the model gets wrong is bias, which no interval of this shows.
Source: Le, Voloshin & Yue (2019), Batch policy learning under constraints, arXiv:1903.08738 (fitted Q evaluation).
"""

from __future__ import annotations

from dataclasses import dataclass

from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate
from curriculum_rl.ope.values.values import ActionValues


@dataclass(frozen=True)
class Direct:
    """The mean value of where students start.

    Attributes:
        values: the model of what activities are worth.
    """

    values: ActionValues

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """See `Estimator`; the terms are V(s_i0), whose spread leaves out that Q was estimated."""
        return Estimate.of(self.values.fit(episodes, discount).v[episodes.first], None)
