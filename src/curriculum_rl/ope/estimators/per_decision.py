"""Per-decision importance sampling (PDIS): each reward is weighted by what was done up to it, not after.

    V = mean_i sum_t g^t w_it r_it

Without bias, as IS, and of less spread, since what is done later cannot change a reward.
Source: Precup, Sutton & Singh (2000), Eligibility traces for off-policy policy evaluation, ICML.
"""

from __future__ import annotations

from dataclasses import dataclass

from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate


@dataclass(frozen=True)
class PerDecision:
    """The mean of sums of weighted rewards."""

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """See `Estimator`; the terms are exact."""
        weights = episodes.weights
        return Estimate.of((weights * episodes.rewards) @ episodes.discounts(discount), weights[:, -1])
