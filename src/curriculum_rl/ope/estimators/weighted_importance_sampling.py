"""Weighted importance sampling (WIS): the weighted average of the returns that were seen.

    V = sum_i w_i G_i / sum_i w_i,    w_i = w_i,T-1

Never outside the returns that were seen, so biased, less as there are more students, and of far less spread than IS.
Students with fewer decisions count with the weight at their last one.
Source: Precup, Sutton & Singh (2000), Eligibility traces for off-policy policy evaluation, ICML.
"""

from __future__ import annotations

from dataclasses import dataclass

from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate
from curriculum_rl.ope.estimators.self_normalised import self_normalised


@dataclass(frozen=True)
class WeightedImportanceSampling:
    """Weighted returns over the sum of the weights."""

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """See `Estimator`; the terms are V + w_i (G_i - V) / mean w."""
        weights = episodes.weights[:, -1]
        return Estimate.of(self_normalised(weights, episodes.returns(discount)), weights)
