"""Whether students would leave more or less often under the target, and what that may hide.

A return is what a student earned before leaving. Where leaving depends on what is taught, two strategies are compared
on different students, and what those who left would have earned is anybody's guess. So beside the estimate stand

- the share who left, as logged and as weighted for the target, and the standard error of their difference;
- the value if nobody left, each student who stayed standing for those alike who left:

      sum_t g^t sum_i u_it r_it / sum_i u_it,   u_it = w_it / product over s < t of (1 - h_is)

  over those who had not left by t; h is the share who left after such a decision, by activity and by situation
  (`Episodes.state`, or the number of the decision), drawn to the overall share as if by one more decision;
- the lowest and highest value that there can be if everybody had stayed to the longest course, with each missing reward
  the smallest or the largest that was logged.

Inverse probability of censoring: Robins & Rotnitzky (1992). Bounds: Manski (1990), without assumptions on who leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Bool, Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.self_normalised import self_normalised
from curriculum_rl.ope.intervals.interval import Clusters


@dataclass(frozen=True)
class Leaving:
    """How students' courses ended early under what was logged and, weighted, under the target.

    Attributes:
        logged, target: share of students who left for a reason that may depend on the strategy.
        error: standard error of target - logged.
        logged_done, target_done: share who ended before the longest course for any other reason, such as mastery.
        done_error: standard error of target_done - logged_done.
        stayed: value of the target if nobody had left.
        low, high: the least and the most it can be.
    """

    logged: float
    target: float
    error: float
    logged_done: float
    target_done: float
    done_error: float
    stayed: float
    low: float
    high: float


def leaving(episodes: Episodes, discount: float = 1.0) -> Leaving:
    """Of these students."""
    weights, lengths = episodes.weights, episodes.lengths
    done = ~episodes.censored & (lengths < lengths.max())
    logged, target, error = _shares(episodes, episodes.censored)
    logged_done, target_done, done_error = _shares(episodes, done)
    missing = np.where(episodes.censored[:, None], np.arange(weights.shape[1]) >= lengths[:, None], False)
    unseen = missing @ episodes.discounts(discount)
    ends = [
        float(self_normalised(weights[:, -1], episodes.returns(discount) + unseen * reward).mean())
        for reward in (episodes.reward.min(), episodes.reward.max())
    ]
    stayed = _stayed(episodes, ~missing, discount)
    return Leaving(logged, target, error, logged_done, target_done, done_error, stayed, ends[0], ends[1])


def _shares(episodes: Episodes, ended: Bool) -> tuple[float, float, float]:
    """Share of students as logged and as weighted, and the standard error of the difference."""
    as_logged = ended.astype(np.float64)
    as_weighted = self_normalised(episodes.weights[:, -1], as_logged)
    clusters = Clusters.of(episodes)
    if len(clusters) < 2 or not np.isfinite(as_weighted).all():
        return float(as_logged.mean()), float(as_weighted.mean()), np.inf
    error, _ = clusters.error(as_weighted - as_logged)
    return float(as_logged.mean()), float(as_weighted.mean()), error


def _stayed(episodes: Episodes, there: Bool, discount: float) -> float:
    """The value if nobody had left; `there` are the decisions, (n, T), before which a student had not."""
    staying = episodes.padded(1.0 - _hazard(episodes), 1.0)
    unlikely = np.cumprod(np.pad(staying[:, :-1], ((0, 0), (1, 0)), constant_values=1.0), axis=1)
    weights = np.where(there, episodes.weights / np.maximum(unlikely, 1e-12), 0.0)
    return float(self_normalised(weights, episodes.rewards).mean(axis=0) @ episodes.discounts(discount))


def _hazard(episodes: Episodes) -> Float:
    """Share who left after a decision like this one, (N,); the end of an uncensored course is no risk taken."""
    situation = episodes.step if episodes.state is None else episodes.state
    cell = situation * episodes.choice.shape[1] + episodes.action
    left = episodes.last & episodes.censored[episodes.student]
    at_risk = ~episodes.last | left
    overall = left.sum() / max(int(at_risk.sum()), 1)
    events = np.bincount(cell, left) + overall
    share: Float = (events / (np.bincount(cell, at_risk) + 1.0))[cell]
    return share
