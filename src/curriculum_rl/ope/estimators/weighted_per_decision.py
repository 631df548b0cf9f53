"""Weighted per-decision importance sampling (PDWIS): at each decision, the weighted average of its rewards.

    V = sum_t g^t (sum_i w_it r_it / sum_i w_it)

Biased, less as there are more students; steadier than PDIS. Students who are done stay in the lower sum with their
last weight and earn 0, or those who stay would speak for all.
Source: Precup, Sutton & Singh (2000), Eligibility traces for off-policy policy evaluation, ICML; per-step form of
Thomas & Brunskill (2016), arXiv:1604.00923.
"""

from __future__ import annotations

from dataclasses import dataclass

from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate
from curriculum_rl.ope.estimators.self_normalised import self_normalised


@dataclass(frozen=True)
class WeightedPerDecision:
    """The sum of each decision's weighted rewards over the sum of its weights."""

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """See `Estimator`; the terms sum each decision's linearised ratio."""
        weights = episodes.weights
        parts = self_normalised(weights, episodes.rewards)
        return Estimate.of(parts @ episodes.discounts(discount), weights[:, -1])
