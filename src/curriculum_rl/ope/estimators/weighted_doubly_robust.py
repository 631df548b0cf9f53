"""Weighted doubly robust (WDR): DR with each decision's weights divided by their sum over students.

    V = sum_t g^t sum_i [u_it (r_it - Q(s_it, a_it)) + u_i,t-1 V(s_it)],    u_it = w_it / sum_j w_jt,    u_i,-1 = 1 / n

Q = 0 gives PDWIS, with different numbers of decisions too: students who are done keep their weight, with r = Q = V = 0.
Source: Thomas & Brunskill (2016), Data-efficient off-policy policy evaluation, arXiv:1604.00923.
"""

from __future__ import annotations

from dataclasses import dataclass

from curriculum_rl.batch import Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.doubly_robust import weighted_sums
from curriculum_rl.ope.estimators.estimator import Estimate
from curriculum_rl.ope.estimators.self_normalised import self_normalised
from curriculum_rl.ope.values.values import ActionValues, Values


@dataclass(frozen=True)
class WeightedDoublyRobust:
    """The sum of each decision's corrections and values, each over the sum of its weights.

    Attributes:
        values: the model of what activities are worth.
    """

    values: ActionValues

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """See `Estimator`; the terms sum the linearised ratios, given the model."""
        corrections, values = weighted_parts(episodes, self.values.fit(episodes, discount), discount)
        return Estimate.of((corrections + values).sum(axis=1), episodes.weights[:, -1])


def weighted_parts(episodes: Episodes, model: Values, discount: float) -> tuple[Float, Float]:
    """Each student's part of what the weights correct at each decision, and of the values there; both (n, T)."""
    discounts = episodes.discounts(discount)
    corrections, values = (self_normalised(*pair) for pair in weighted_sums(episodes, model))
    return discounts * corrections, discounts * values
