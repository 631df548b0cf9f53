"""What every model of the logged policy does, and how its answers take the place of propensities that were not logged.

A probability is estimated from other students than those whom it is for (cross-fitting; Chernozhukov et al. 2018,
doi:10.1111/ectj.12097), and normalised over what was eligible at each decision. Whoever was drawn together stands on
one side, so that the copies of a student in a bootstrap are never on both.

Where only some decisions have no logged probability, such as those that teachers took in the place of a platform, the
logged ones stay: they are exact, and estimates in their place would make every weight uncertain for the sake of a few.
The others are learnt from each other alone. Whoever took them, z, did not choose as the platform does: the weight of a
decision is P(z) p / (P(z) b_z) = p / b_z, if the new strategy takes the decisions of both, with b_z the probability
with which z itself chose. A course is not cut before its first such decision, because a teacher steps in where a
student struggles, so that lengths and what is left out would differ by what was taught.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from curriculum_rl.batch import Bool, Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate, Estimator
from curriculum_rl.violations import InvalidInput


class BehaviourModel(Protocol):
    """A frozen dataclass of settings: the same episodes always give the same probabilities."""

    @property
    def folds(self) -> int:
        """Parts of the students whose probabilities are learnt from the other parts; 0 learns all from all."""

    def fit(self, episodes: Episodes, known: Bool, rows: Bool) -> Float:
        """P(each activity) at the decisions `rows`, (N,), as learnt from `known`, (N,): 0 where not eligible."""


def probabilities(model: BehaviourModel, episodes: Episodes) -> Float:
    """P(each activity), (N, A): rows sum to 1, 0 where not eligible, from other students than the row's own.

    Rows whose own probability was logged are nan, where others were not.

    Raises:
        InvalidInput: an activity was logged that was not eligible, or folds are asked for and there is one cluster.
    """
    wrong = int(np.count_nonzero(~episodes.eligible[np.arange(len(episodes.action)), episodes.action]))
    if wrong:
        told = f"eligible: {wrong} of {len(episodes.action)} decisions logged an activity that was not eligible"
        raise InvalidInput("episodes", [f"{told}. Correct the eligible sets, or leave these students out"])
    found = np.full(episodes.eligible.shape, np.nan)
    wanted = np.ones(len(episodes.action), dtype=np.bool_) if episodes.known is None else episodes.guessed
    if model.folds == 0:
        found[wanted] = _learnt(model, episodes, wanted, wanted)
        return found
    clusters = np.unique(episodes.cluster[episodes.student[wanted]])
    if len(clusters) < 2 and episodes.known is None:
        raise InvalidInput("episodes", ["cluster: there is one, and cross-fitting needs two. Set folds to 0"])
    fold = (np.searchsorted(clusters, episodes.cluster) % model.folds)[episodes.student]
    for part in range(min(model.folds, len(clusters))):
        rows = wanted & (fold == part)
        found[rows] = _learnt(model, episodes, wanted & (fold != part), rows)
    return found


def _learnt(model: BehaviourModel, episodes: Episodes, known: Bool, rows: Bool) -> Float:
    """See `BehaviourModel.fit`; an even choice where there is nothing to learn from."""
    if known.any() and rows.any():
        return model.fit(episodes, known, rows)
    eligible = episodes.eligible[rows].astype(np.float64)
    even: Float = eligible / eligible.sum(axis=1, keepdims=True)
    return even


def with_behaviour(episodes: Episodes, chances: Float) -> Episodes:
    """The episodes with estimated probabilities, (N, A), wherever none was logged.

    Raises:
        InvalidInput: something that was logged is given no chance at all.
    """
    behaviour = chances[np.arange(len(episodes.action)), episodes.action]
    if episodes.known is not None:
        behaviour = np.where(episodes.known, episodes.behaviour, behaviour)
    never = int(np.count_nonzero(behaviour <= 0.0))
    if never:
        told = f"behaviour: {never} logged choices have an estimated probability of 0"
        raise InvalidInput("episodes", [f"{told}. Give the model a prior above 0, or learn all from all (folds 0)"])
    return replace(episodes, behaviour=np.minimum(behaviour, 1.0), estimated=True)


@dataclass(frozen=True)
class Fitted:
    """An estimator on estimated probabilities: the bootstrap of it fits them again on every draw.

    Attributes:
        estimator: what is estimated with them.
        model: of the logged policy.
    """

    estimator: Estimator
    model: BehaviourModel

    def estimate(self, episodes: Episodes, discount: float = 1.0) -> Estimate:
        """See `Estimator`; the terms count the probabilities as given."""
        return self.estimator.estimate(with_behaviour(episodes, probabilities(self.model, episodes)), discount)
