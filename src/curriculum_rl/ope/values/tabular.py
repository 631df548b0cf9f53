"""The mean outcome of each situation and activity: fitted Q over it is dynamic programming on the counted process.

    Q_t(s, a) = mean of r_t + g V_{t+1} over those in s who were given a at decision t

What was never seen takes the mean of its situation, a situation never seen takes the mean of all; `Episodes.state` says
which situations there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.violations import InvalidInput


@dataclass(frozen=True)
class Tabular:
    """Means of counted cells."""

    def predict(self, episodes: Episodes, known: Int, outcome: Float, rows: Int) -> Float:
        """See `Regression`.

        Raises:
            InvalidInput: the episodes have no countable situations.
        """
        if episodes.state is None:
            told = "state: there are too many situations to count. Use a linear, tree or neural model of values"
            raise InvalidInput("episodes", [told])
        states, actions = int(episodes.state.max()) + 1, episodes.choice.shape[1]
        cell = episodes.state[known] * actions + episodes.action[known]
        count = np.bincount(cell, minlength=states * actions).reshape(states, actions)
        total = np.bincount(cell, outcome, minlength=states * actions).reshape(states, actions)
        seen, sums = count.sum(axis=1), total.sum(axis=1)
        of_state = np.where(seen > 0, sums / np.maximum(seen, 1), outcome.mean())
        table = np.where(count > 0, total / np.maximum(count, 1), of_state[:, None])
        means: Float = table[episodes.state[rows]]
        return means
