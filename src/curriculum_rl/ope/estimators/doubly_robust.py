"""Doubly robust (DR): weights correct a model of values, the model steadies the weights.

    V = mean_i sum_t g^t [w_t (r_t - Q(s_t, a_t)) + w_{t-1} V(s_t)],    w_{-1} = 1

Without bias if the weights are right, whatever the model, as long as no student's own answers shaped the model that
corrects them (`folds` of the model). Q = 0 gives PDIS. A student who is done has r = Q = V = 0.
Source: Jiang & Li (2016), Doubly robust off-policy value evaluation for reinforcement learning, arXiv:1511.03722.
"""

from __future__ import annotations

from dataclasses import dataclass

from curriculum_rl.batch import Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate
from curriculum_rl.ope.values.values import ActionValues, Values


@dataclass(frozen=True)
class DoublyRobust:
    """The mean of corrected values.

    Attributes:
        values: the model of what activities are worth.
    """

    values: ActionValues

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """See `Estimator`; the terms are exact, given the model."""
        (weights, errors), (earlier, values) = weighted_sums(episodes, self.values.fit(episodes, discount))
        return Estimate.of((weights * errors + earlier * values) @ episodes.discounts(discount), weights[:, -1])


def weighted_sums(episodes: Episodes, model: Values) -> tuple[tuple[Float, Float], tuple[Float, Float]]:
    """The two sums of DR, each as its weights and what they weigh: w_t with r_t - Q_t, w_{t-1} with V_t, all (n, T)."""
    errors = episodes.padded(episodes.reward - model.q, 0.0)
    return (episodes.weights, errors), (episodes.earlier_weights, episodes.padded(model.v, 0.0))
