"""Gradient-boosted trees: thresholds and interactions of features and activity, with no form assumed.

The activity is one category among the features (as a number beyond 255 activities, which is all that the package
sorts as categories). Nothing is drawn at random, so the same rows give the same trees.
Source: Ke et al. (2017), LightGBM, NeurIPS 30, as in scikit-learn's histogram-based regressor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from curriculum_rl.batch import Float, Int
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.violations import Violations

_CATEGORIES = 255
_AT_ONCE = 500_000
"""Situations times activities that are predicted at once, which bounds the memory."""


@dataclass(frozen=True)
class Tree:
    """Boosted trees.

    Attributes:
        rounds: trees.
        rate: share of each tree's answer that is added.
        leaves: at most, of each tree.
        leaf: observations in a leaf, at least.
    """

    rounds: int = 50
    rate: float = 0.1
    leaves: int = 15
    leaf: int = 20

    def __post_init__(self) -> None:
        check = Violations("tree")
        check.number("rounds", self.rounds, at_least=1, whole=True)
        check.number("rate", self.rate, above=0.0, at_most=1.0)
        check.number("leaves", self.leaves, at_least=2, whole=True)
        check.number("leaf", self.leaf, at_least=1, whole=True)
        check.raise_all()

    def predict(self, episodes: Episodes, known: Int, outcome: Float, rows: Int) -> Float:
        """See `Regression`; 0 where neither the target nor the log goes."""
        actions = episodes.choice.shape[1]
        model = HistGradientBoostingRegressor(
            max_iter=self.rounds,
            learning_rate=self.rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.leaf,
            early_stopping=False,
            random_state=0,  # without effect, but none would disturb the random state of the process
            categorical_features=[0] if actions <= _CATEGORIES else None,
        )
        model.fit(_inputs(episodes, known, episodes.action[known]), outcome)
        values = np.zeros((len(rows), actions))
        asked = episodes.choice[rows] > 0
        asked[np.arange(len(rows)), episodes.action[rows]] = True
        row, action = np.nonzero(asked)
        for start in range(0, len(row), _AT_ONCE):
            r, a = row[start : start + _AT_ONCE], action[start : start + _AT_ONCE]
            values[r, a] = model.predict(_inputs(episodes, rows[r], a))
        return values


def _inputs(episodes: Episodes, rows: Int, action: Int) -> Float:
    return np.column_stack([action, episodes.features[rows]])
