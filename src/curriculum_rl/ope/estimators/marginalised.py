"""Marginalised importance sampling (MIS): how much likelier the target brings students to where they are, not how.

    V = sum_t g^t mean_i zeta_it r_it,    zeta_t(s, a) = d_t^pi(s, a) / d_t^b(s, a)

with d_t the shares of all students who are in situation s at decision t and are given a there; who is done is nowhere.
Counted forward, that is zeta_it = rho_it u_t(s_it): u_0 = 1, and u_t(s) is the mean of zeta_{t-1} over those who are in
s at t. Weights no longer multiply up over the decisions, so the spread grows with their number alone, not
exponentially; but V is right only if a situation holds all that matters about the past.
Source: Xie, Ma & Wang (2019), Towards optimal off-policy evaluation for reinforcement learning with marginalized
importance sampling, arXiv:1906.03393; the idea is of Liu et al. (2018), arXiv:1810.12429.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate
from curriculum_rl.violations import InvalidInput


@dataclass(frozen=True)
class MarginalisedImportanceSampling:
    """The mean of rewards, each weighted by how much likelier its situation and activity are under the target."""

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """See `Estimator`; the weights are zeta at each student's last decision.

        The terms count that zeta was estimated: V_0(s_i0) + sum_t g^t u_t (rho_t (r_t + g V_{t+1}) - V_t), where
        V_t(s) is the mean of rho_t (r_t + g V_{t+1}) over those in s at t; they too have the mean V.
        """
        if episodes.state is None:
            told = "state: marginalised importance sampling counts situations, and these have too many to count"
            raise InvalidInput("episodes", [f"{told}. Leave it out, or describe students by fewer situations"])
        ratios, step = episodes.target / episodes.behaviour, episodes.step
        moments = [np.nonzero(step == t)[0] for t in range(int(episodes.lengths.max()))]
        zeta, past = np.empty(len(ratios)), np.ones(len(ratios))
        for t, rows in enumerate(moments):
            if t > 0:
                past[rows] = _mean_by(episodes.state[rows], zeta[rows - 1])
            zeta[rows] = ratios[rows] * past[rows]
        ahead, values = np.zeros(len(ratios) + 1), np.zeros(len(ratios))
        last = episodes.last
        for rows in reversed(moments):
            outcome = ratios[rows] * (episodes.reward[rows] + discount * np.where(last[rows], 0.0, ahead[rows + 1]))
            values[rows] = ahead[rows] = _mean_by(episodes.state[rows], outcome)
            values[rows] = past[rows] * (outcome - values[rows])
        terms = np.bincount(episodes.student, discount**step * values, len(episodes)) + ahead[episodes.first]
        return Estimate.of(terms, zeta[last])


def _mean_by(state: Int, x: Float) -> Float:
    """For each row the mean of x over the rows with the same state, (m,)."""
    _, group = np.unique(state, return_inverse=True)
    means: Float = (np.bincount(group, x) / np.bincount(group))[group]
    return means
