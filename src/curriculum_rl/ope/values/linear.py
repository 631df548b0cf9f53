"""Ridge regression: what features do whatever the activity, and what they do beyond that under each one.

    Q(s, a) = m + b'x + (m_a + b_a'x),    x the standardised features

First b is fitted to all rows, then m_a and b_a to what is left over, on the rows of each activity, each fit by least
|residuals|^2 + ridge |coefficients|^2. An activity that was seldom logged so stays near what all share, and the value
of suiting the activity to the student can still be seen. The two penalties are those of least leave-one-out error:
there may be more features than students.
Source: Hoerl & Kennard (1970), doi 10.1080/00401706.1970.10488634; Allen (1974), doi 10.1080/00401706.1974.10489157.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.values.ridge import RIDGES, least, ridge_path
from curriculum_rl.ope.values.standard import standardised
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Linear:
    """A plane, and a deviation from it for each activity.

    Attributes:
        ridges: penalties to choose from, as of so many observations.
    """

    ridges: tuple[float, ...] = RIDGES

    def __post_init__(self) -> None:
        check = Violations("linear")
        check.each("ridges", self.ridges, above=0.0)
        check.that(self.ridges, "ridges must name at least one penalty")
        check.raise_all()

    def predict(self, episodes: Episodes, known: Int, outcome: Float, rows: Int) -> Float:
        """See `Regression`."""
        x, there = standardised(episodes.features, known, rows)
        ridges = np.array(self.ridges)
        mean = outcome.mean()
        paths, errors = ridge_path(x, outcome - mean, ridges)
        shared = paths[least(errors)]
        left = outcome - mean - x @ shared
        x, there = np.column_stack([np.ones(len(x)), x]), np.column_stack([np.ones(len(there)), there])
        own = np.zeros((len(ridges), episodes.choice.shape[1], x.shape[1]))
        errors, action = np.zeros((len(ridges), len(x))), episodes.action[known]
        for a in np.unique(action):
            of_a = np.flatnonzero(action == a)
            own[:, a], errors[:, of_a] = ridge_path(x[of_a], left[of_a], ridges)
        values: Float = mean + there @ (own[least(errors)] + np.append(0.0, shared)).T
        return values
