"""Importance sampling (IS): each student's whole return, by how much likelier the target makes the whole history.

    V = mean_i w_i,T-1 G_i

Without bias where the target never does what the log never shows; the variance grows exponentially with the decisions.
Of students with different numbers of decisions, each counts with the weight at the own last one.
Source: Precup, Sutton & Singh (2000), Eligibility traces for off-policy policy evaluation, ICML.
"""

from __future__ import annotations

from dataclasses import dataclass

from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate


@dataclass(frozen=True)
class ImportanceSampling:
    """The mean of weighted returns."""

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """See `Estimator`; the terms are exact."""
        weights = episodes.weights[:, -1]
        return Estimate.of(weights * episodes.returns(discount), weights)
