"""How often each activity was given, by situation, given what was eligible: Luce's rule of choice.

    b(a | s, E) = v_sa / sum over a' in E of v_sa'

for the situation s (`Episodes.state`) and the eligible set E. v maximises the likelihood of what was given, together
with that of `prior` more decisions in each situation that had all of its activities to choose from and chose evenly,
by Hunter's minorisation (2004, doi:10.1214/aos/1079120141):

    v_sa <- (times a was given in s) / sum over decisions in s with a eligible of 1 / (sum over E of v)

Where eligible sets do not vary within a situation these are the shares of what was given, after one round. Where
situations are not told apart, all decisions are one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from curriculum_rl.batch import Bool, Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.violations import Violations

_ROUNDS, _CLOSE = 200, 1e-10


@dataclass(frozen=True)
class Counts:
    """Shares of what could have been chosen.

    Attributes:
        prior: decisions by which each situation is drawn to an even choice (assumed); 0 takes shares as they are.
        folds: parts of the students whose probabilities are learnt from the other parts; 0 learns all from all.
    """

    prior: float = 1.0
    folds: int = 5

    def __post_init__(self) -> None:
        check = Violations("counts of the logged policy")
        check.number("prior", self.prior, at_least=0.0)
        check.number("folds", self.folds, at_least=0, whole=True)
        check.that(self.folds != 1, "folds = 1: one part has no others to learn from. Give 0, or 2 or more")
        check.that(
            self.prior > 0 or self.folds == 0,
            "prior = 0: what the other parts never saw would have no chance. Give a prior above 0, or folds = 0",
        )
        check.raise_all()

    def fit(self, episodes: Episodes, known: Bool, rows: Bool) -> Float:
        """See `BehaviourModel`."""
        everywhere = np.zeros(len(known), dtype=np.int64) if episodes.state is None else episodes.state
        state, eligible = everywhere[known], episodes.eligible[known].astype(np.float64)
        shape = (int(everywhere.max()) + 1, len(state))
        of_state = csr_array((np.ones(len(state)), (state, np.arange(len(state)))), shape=shape)
        given = of_state @ np.eye(eligible.shape[1])[episodes.action[known]]
        ever = (of_state @ eligible > 0).astype(np.float64)
        number = np.maximum(ever.sum(axis=1, keepdims=True), 1.0)
        given += self.prior * ever / number
        v = ever / number
        for _ in range(_ROUNDS):
            chances = (eligible * v[state]).sum(axis=1, keepdims=True)
            times = of_state @ (eligible / chances) + self.prior * ever / np.maximum(
                v.sum(axis=1, keepdims=True), 1e-300
            )
            following = given / np.where(times > 0, times, 1.0)
            following /= np.maximum(following.sum(axis=1, keepdims=True), 1e-300)
            moved, v = float(np.abs(following - v).max()), following
            if moved < _CLOSE:
                break
        return _normalised(v[everywhere[rows]], episodes.eligible[rows])


def _normalised(v: Float, eligible: Bool) -> Float:
    """Chances over the eligible, (m, A); even ones where nothing that is eligible was ever given."""
    shares = v * eligible
    shares = np.where(shares.sum(axis=1, keepdims=True) > 0, shares, eligible)
    chances: Float = shares / shares.sum(axis=1, keepdims=True)
    return chances
