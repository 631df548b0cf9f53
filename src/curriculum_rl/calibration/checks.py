"""Posterior predictive checks: figures that the fit was not made for, of the real log and of simulations of it.

A figure that lies far outside what simulations of the same students give is something that the fitted population does
not do: Gelman, Meng & Stern (1996), "Posterior predictive assessment of model fitness via realized discrepancies".
Parameters are held at their estimates, so the simulations differ by a little less than they should.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from curriculum_rl.batch import Bool
from curriculum_rl.calibration.predictive import Comparison
from curriculum_rl.calibration.replay import GAPS, Replay
from curriculum_rl.calibration.streaks import Practice, between_students, practice

LATER: Final = 5
"""The opportunity up to which the rise of the learning curve is taken: most pairs are over soon after."""
FIRST, RISE = "right at the first opportunity", f"rise to opportunity {LATER}"
SPINNING, BETWEEN = "wheel-spinning", "sd between students of their share right"
AFTER_GAP = "right half a day or more after the last try, less right sooner"


@dataclass(frozen=True)
class Check:
    """One figure, of the log and of each simulation of it; nan where there is nothing to take it from."""

    real: float
    simulated: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the simulations."""
        return float(np.mean(self.simulated))


def of_practice(compared: Comparison) -> dict[str, Check]:
    """The checks of practice that stops at three right in a row."""
    return _checks(_of_stopped(compared.real), [_of_stopped(p) for p in compared.simulated])


def of_replay(replayed: Replay) -> dict[str, Check]:
    """The checks of practice as it was logged, with the effect of a gap where there are times."""
    each = [_of_answers(replayed, right > 0) for right in (replayed.right, *replayed.simulated)]
    return _checks(each[0], each[1:])


def _checks(real: Mapping[str, float], simulated: list[dict[str, float]]) -> dict[str, Check]:
    return {name: Check(value, tuple(own[name] for own in simulated)) for name, value in real.items()}


def _of_stopped(p: Practice) -> dict[str, float]:
    accuracy = np.where(p.tries > 0, p.accuracy, np.nan)
    rise = float(accuracy[LATER - 1] - accuracy[0])
    return {FIRST: float(accuracy[0]), RISE: rise, SPINNING: p.wheel_spinning, BETWEEN: p.between}


def _of_answers(replayed: Replay, right: Bool) -> dict[str, float]:
    first, later = (_share(right, replayed.opportunity == t) for t in (0, LATER - 1))
    found = {
        FIRST: first,
        RISE: later - first,
        SPINNING: practice(replayed.pair, right, replayed.student).wheel_spinning,
        BETWEEN: between_students(replayed.student, right),
    }
    if replayed.gap is not None:
        apart = GAPS[1]
        found[AFTER_GAP] = _share(right, replayed.gap >= apart) - _share(right, replayed.gap < apart)
    return found


def _share(right: Bool, own: Bool) -> float:
    return float(right[own].mean()) if own.any() else float("nan")
