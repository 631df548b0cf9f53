"""Fitted Q evaluation over a finite number of decisions, backwards from the last, T - 1:

    Q_t = regression of r_t + g V_{t+1} on situation and activity,    V_t = sum_a pi(a | s) Q_t(s, a),    V_T = 0

There is one regression a decision, not one with time among its features: what is left to earn falls with every
decision, and all regressions together cost one pass over the rows, where time as a feature would need T passes.
Who left has V = 0 next, so that leaving counts as it was seen.

With folds, students are split by cluster, and the values of each part are learnt from the others: a student's own luck
does not shape the values that correct it. A decision later than any that the others reached has Q = 0.
Source: Le, Voloshin & Yue (2019), arXiv:1903.08738; cross-fitting: Chernozhukov et al. (2018), doi 10.1111/ectj.12097.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.values.values import Values
from curriculum_rl.violations import InvalidInput, Violations


class Regression(Protocol):
    """What an outcome depends on: the situation and the activity, at one number of decisions."""

    def predict(self, episodes: Episodes, known: Int, outcome: Float, rows: Int) -> Float:
        """Fitted to the logged activities of the rows `known`, what each activity leads to at `rows`, (len(rows), A).

        Only activities that the target may choose or that were logged need an answer.
        """


@dataclass(frozen=True)
class FittedQ:
    """Values by regression, backwards in time.

    Attributes:
        regression: of the outcome of one decision.
        folds: parts of the students whose values are learnt from the other parts; 0 learns all from all.
    """

    regression: Regression
    folds: int = 2

    def __post_init__(self) -> None:
        check = Violations("fitted_q")
        check.number("folds", self.folds, at_least=0, whole=True)
        check.that(self.folds != 1, "folds = 1: one part has no others to learn from. Give 0, or 2 or more")
        check.raise_all()

    def fit(self, episodes: Episodes, discount: float) -> Values:
        """See `ActionValues`.

        Raises:
            InvalidInput: folds are asked for, and all students are of one cluster.
        """
        if self.folds == 0:
            return self._backwards(episodes, np.ones(len(episodes), np.bool_), discount)
        clusters, member = np.unique(episodes.cluster, return_inverse=True)
        if len(clusters) < 2:
            raise InvalidInput("episodes", ["cluster: there is one, and cross-fitting needs two. Set folds to 0"])
        fold = (member % self.folds)[episodes.student]
        q, v = np.empty(len(fold)), np.empty(len(fold))
        for part in range(min(self.folds, len(clusters))):
            here = fold == part
            learnt = self._backwards(episodes, member % self.folds != part, discount)
            q[here], v[here] = learnt.q[here], learnt.v[here]
        return Values(q, v)

    def _backwards(self, episodes: Episodes, known: Bool, discount: float) -> Values:
        """Values of every row, as learnt from the students `known`."""
        last = episodes.last
        q, v = np.zeros(len(last)), np.zeros(len(last) + 1)
        for rows in reversed(episodes.moments[: int(episodes.lengths[known].max())]):
            fit = rows[known[episodes.student[rows]]]
            outcome = episodes.reward[fit] + discount * np.where(last[fit], 0.0, v[fit + 1])
            table = self.regression.predict(episodes, fit, outcome, rows)
            q[rows] = table[np.arange(len(rows)), episodes.action[rows]]
            v[rows] = (episodes.choice[rows] * table).sum(axis=1)
        return Values(q, v[:-1])
