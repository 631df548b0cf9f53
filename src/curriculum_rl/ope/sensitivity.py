"""How far choices that nobody recorded could move an answer: weights that may all be wrong by a factor.

Let the true weight of each student be w_i l_i with 1 / gamma <= l_i <= gamma, else unknown. The self-normalised value
sum w_i l_i G_i / sum w_i l_i is then highest where those with the highest returns have l = gamma and all others
1 / gamma, so that it is enough to try every place at which the sorted returns can be parted; likewise the lowest.
gamma is of a student's whole course, not of one decision. Source: Zhao, Small & Bhattacharya (2019), Sensitivity
analysis for inverse probability weighting estimators via the percentile bootstrap, doi:10.1111/rssb.12327, for the
optimum; weights within a factor are Rosenbaum's model (2002), as they use it.
"""

from __future__ import annotations

import math

import numpy as np

from curriculum_rl.batch import Float

_HIGHEST, _ROUNDS = 1e6, 60


def bounds(returns: Float, weights: Float, gamma: float) -> tuple[float, float]:
    """Lowest and highest self-normalised value of returns, (n,), with weights, (n,), each wrong by up to gamma."""
    if not weights.sum() > 0.0:
        return math.nan, math.nan
    low = -_highest(-returns, weights, gamma)
    return low, _highest(returns, weights, gamma)


def reversing(returns: Float, weights: Float, reference: float) -> float:
    """The smallest gamma whose bounds hold the reference value; infinite where no weights at all could lead there."""
    low, high = 1.0, _HIGHEST
    if not _holds(bounds(returns, weights, high), reference):
        return math.inf
    for _ in range(_ROUNDS):  # halving its logarithm
        middle = math.sqrt(low * high)
        if _holds(bounds(returns, weights, middle), reference):
            high = middle
        else:
            low = middle
    return high


def _holds(ends: tuple[float, float], value: float) -> bool:
    return ends[0] <= value <= ends[1]


def _highest(returns: Float, weights: Float, gamma: float) -> float:
    """The best of n + 1 ways to part the students, lowest returns first."""
    order = np.argsort(returns, kind="stable")
    w, g = weights[order] / weights.max(), returns[order]
    below, below_value = np.append(0.0, np.cumsum(w)), np.append(0.0, np.cumsum(w * g))
    above, above_value = below[-1] - below, below_value[-1] - below_value
    parted = (above_value * gamma + below_value / gamma) / (above * gamma + below / gamma)
    return float(parted.max())
