"""Marginalised importance sampling (MIS): how much likelier the target brings students to where they are, not how.

    V = sum_t g^t mean_i zeta_it r_it,    zeta_t(s, a) = d_t^pi(s, a) / d_t^b(s, a)

with d_t the shares of all students who are in situation s at decision t and are given a there; who is done is nowhere.
Counted forward, that is zeta_it = rho_it u_t(s_it): u_0 = 1, and u_t(s) is the mean of zeta_{t-1} over those who are in
s at t. Weights no longer multiply up over the decisions, so the spread grows with their number alone, not
exponentially; but V is right only if a situation holds all that matters about the past.

Where there are too many situations to count, the mean over those in s becomes a plane over the features of those who
have a decision t, by ridge regression (`ridge_path`) and within what was seen. The plane is right if either u_t or what
the target earns from t on is linear in the features; a large penalty takes the target to lead to the same situations.
Source: Xie, Ma & Wang (2019), Towards optimal off-policy evaluation for reinforcement learning with marginalized
importance sampling, arXiv:1906.03393; the idea is of Liu et al. (2018), arXiv:1810.12429.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate
from curriculum_rl.ope.values.ridge import RIDGES, least, ridge_path
from curriculum_rl.ope.values.standard import standardised
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class MarginalisedImportanceSampling:
    """The mean of rewards, each weighted by how much likelier its situation and activity are under the target.

    Attributes:
        ridges: penalties to choose from for planes, as of so many observations; the least leave-one-out error decides.
    """

    ridges: tuple[float, ...] = RIDGES

    def __post_init__(self) -> None:
        check = Violations("marginalised importance sampling")
        check.each("ridges", self.ridges, above=0.0)
        check.that(self.ridges, "ridges must name at least one penalty")
        check.raise_all()

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """See `Estimator`; the weights are zeta at each student's last decision.

        The terms count that zeta was estimated: V_0(s_i0) + sum_t g^t u_t (rho_t (r_t + g V_{t+1}) - V_t), where
        V_t(s) is the mean, or the plane, of rho_t (r_t + g V_{t+1}) over those in s at t. Counted, they too have the
        mean V; planes are moved to it.
        """
        ratios, moments = episodes.target / episodes.behaviour, episodes.moments
        zeta, past = np.empty(len(ratios)), np.ones(len(ratios))
        for t, rows in enumerate(moments):
            if t > 0:
                past[rows] = self._expected(episodes, rows, zeta[rows - 1])
            zeta[rows] = ratios[rows] * past[rows]
        ahead, values = np.zeros(len(ratios) + 1), np.zeros(len(ratios))
        last = episodes.last
        for rows in reversed(moments):
            outcome = ratios[rows] * (episodes.reward[rows] + discount * np.where(last[rows], 0.0, ahead[rows + 1]))
            values[rows] = ahead[rows] = self._expected(episodes, rows, outcome)
            values[rows] = past[rows] * (outcome - values[rows])
        terms = np.bincount(episodes.student, discount**episodes.step * values, len(episodes)) + ahead[episodes.first]
        value = float(np.bincount(episodes.student, discount**episodes.step * zeta * episodes.reward).mean())
        return Estimate(value, terms + (value - terms.mean()), zeta[last])

    def _expected(self, episodes: Episodes, rows: Int, x: Float) -> Float:
        """x as far as it depends on the situation at these rows: the mean over the same one, or the plane, (m,)."""
        if episodes.state is None:
            features, _ = standardised(episodes.features, rows, rows)
            mean = x.mean()
            slopes, errors = ridge_path(features, x - mean, np.array(self.ridges))
            plane: Float = mean + features @ slopes[least(errors)]
            return plane.clip(x.min(), x.max())
        _, group = np.unique(episodes.state[rows], return_inverse=True)
        means: Float = (np.bincount(group, x) / np.bincount(group))[group]
        return means
