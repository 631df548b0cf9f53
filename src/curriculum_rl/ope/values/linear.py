"""Ridge regression: what features do whatever the activity, and what they do beyond that under each one.

    Q(s, a) = m + b'x + (m_a + b_a'x),    x the standardised features

First m and b are fitted to all rows, then m_a and b_a to what is left over, on the rows of each activity; both minimise
|residuals|^2 + ridge |coefficients|^2 (m alone is free). An activity that was seldom logged so stays near what all
share, and the value of suiting the activity to the student can still be seen.
Source: Hoerl & Kennard (1970), doi 10.1080/00401706.1970.10488634.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.values.standard import standardised
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Linear:
    """A plane, and a deviation from it for each activity.

    Attributes:
        ridge: penalty on squared coefficients, as of so many observations.
    """

    ridge: float = 10.0

    def __post_init__(self) -> None:
        check = Violations("linear")
        check.number("ridge", self.ridge, above=0.0)
        check.raise_all()

    def predict(self, episodes: Episodes, known: Int, outcome: Float, rows: Int) -> Float:
        """See `Regression`."""
        x, there = standardised(episodes.features, known, rows)
        mean = outcome.mean()
        shared = self._ridge(x, outcome - mean)
        left = outcome - mean - x @ shared
        x, there = np.column_stack([np.ones(len(x)), x]), np.column_stack([np.ones(len(there)), there])
        own = np.zeros((episodes.choice.shape[1], x.shape[1]))
        action = episodes.action[known]
        for a in np.unique(action):
            own[a] = self._ridge(x[action == a], left[action == a])
        values: Float = mean + there @ (own + np.append(0.0, shared)).T
        return values

    def _ridge(self, x: Float, y: Float) -> Float:
        """Coefficients, (F,)."""
        return np.asarray(np.linalg.solve(x.T @ x + self.ridge * np.eye(x.shape[1]), x.T @ y), np.float64)
