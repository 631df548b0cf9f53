"""SWITCH: weights correct the model where they are small; where they are large, the model stands uncorrected.

    V = mean_i { V(s_0) + sum_t g^t 1{w_t <= tau} w_t [r_t + g V(s_{t+1}) - Q(s_t, a_t)] }

which for one decision is V + 1{w <= tau} w (r - Q). An unlimited tau gives DR, one below every weight the direct
method. Without a tau, the one is taken that has the least estimated squared error: variance over n, plus the square of
a bound on the bias, the largest correction times the mean weight that is left out; from the 5% quantile of weights up.
Source: Wang, Agarwal & Dudik (2017), Optimal and adaptive off-policy evaluation in contextual bandits,
arXiv:1612.01205; for more than one decision each correction of DR is switched, which is this package's extension.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Bool, Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate
from curriculum_rl.ope.values.values import ActionValues
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Switch:
    """Values, corrected where weights allow it.

    Attributes:
        values: the model of what activities are worth.
        tau: the largest weight that corrects; null takes the one of least estimated error.
    """

    values: ActionValues
    tau: float | None = None

    def __post_init__(self) -> None:
        check = Violations("switch")
        if self.tau is not None:
            check.number("tau", self.tau, above=0.0)
        check.raise_all()

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """See `Estimator`; the terms are exact, given the model and tau; the weights are those before the switch."""
        model = self.values.fit(episodes, discount)
        ahead = np.where(episodes.last, 0.0, np.append(model.v[1:], 0.0))
        errors = episodes.padded(episodes.reward + discount * ahead - model.q, 0.0) * episodes.discounts(discount)
        start, weights = model.v[episodes.first], episodes.weights
        tau = _least_error(start, weights, errors) if self.tau is None else self.tau
        return Estimate.of(start + _corrections(weights, errors, weights <= tau), weights[:, -1])


def _corrections(weights: Float, errors: Float, where: Bool) -> Float:
    """What is added to each student's value, (n,)."""
    corrections: Float = np.einsum("nt,nt,nt->n", weights, errors, where)
    return corrections


def _least_error(start: Float, weights: Float, errors: Float) -> float:
    """The tau of least estimated squared error among twenty quantiles of the weights; the last keeps them all."""
    bound = np.abs(errors).max(axis=0)
    taus = np.quantile(weights, np.linspace(0.05, 1.0, 20))
    with np.errstate(over="ignore"):  # a weight that is too large to be squared loses
        squared = [
            (start + _corrections(weights, errors, weights <= tau)).var() / len(start)
            + ((weights * (weights > tau)).mean(axis=0) @ bound) ** 2
            for tau in taus
        ]
    return float(taus[int(np.argmin(squared))])
