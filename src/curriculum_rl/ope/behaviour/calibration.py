"""Whether estimated propensities can be believed: held-out log-loss beside baselines, and calibration.

The log-loss is the mean of -ln b of what was logged, in nats. It should be well under that of an even choice among what
was eligible, and no worse than that of counting by situation. Every pair of a decision and an activity that was
eligible then counts in the calibration: of those that were given a chance of .3, three in ten should have been chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.calibration.scores import scores
from curriculum_rl.ope.behaviour.behaviour import probabilities
from curriculum_rl.ope.behaviour.counts import Counts
from curriculum_rl.ope.episodes import Episodes

_SMALLEST = 1e-12
"""A chance of 0 or 1 that came out otherwise costs 28 nats, not infinitely many."""


@dataclass(frozen=True)
class Fit:
    """How well a model of the logged policy does on students whom it did not see.

    Attributes:
        decisions: how many had no logged probability: it was fitted to these, and judged on these.
        log_loss: of the model, nats a decision.
        uniform: of an even choice among what was eligible.
        counts: of counting by situation, on the same split.
        calibration: for tenths of the estimated chances, (mean chance, share chosen, pairs).
        calibration_error: mean distance of the two.
    """

    decisions: int
    log_loss: float
    uniform: float
    counts: float
    calibration: tuple[tuple[float, float, int], ...]
    calibration_error: float

    @property
    def informative(self) -> bool:
        """Whether the model knows more of the logged policy than that something eligible was given."""
        return self.log_loss < self.uniform


def fit_of(episodes: Episodes, chances: Float, folds: int = 5) -> Fit:
    """Judges estimated P(each activity), (N, A), each from other students than the row's own."""
    rows = ~np.isnan(chances[:, 0])
    number = episodes.eligible.sum(axis=1)
    pairs = episodes.eligible & (rows & (number > 1))[:, None]  # where there was a choice
    chosen = np.zeros(chances.shape)
    chosen[np.arange(len(chosen)), episodes.action] = 1.0
    judged = scores(np.clip(chances[pairs], _SMALLEST, 1.0 - _SMALLEST), chosen[pairs]) if pairs.any() else None
    return Fit(
        decisions=int(rows.sum()),
        log_loss=_log_loss(episodes, chances),
        uniform=float(np.log(number[rows]).mean()),
        counts=_log_loss(episodes, probabilities(Counts(folds=folds), episodes)),
        calibration=judged.calibration if judged else (),
        calibration_error=judged.calibration_error if judged else 0.0,
    )


def _log_loss(episodes: Episodes, chances: Float) -> float:
    logged = chances[np.arange(len(chances)), episodes.action]
    return float(-np.log(np.maximum(logged[~np.isnan(logged)], _SMALLEST)).mean())
