"""Pace: how many minutes an activity takes a student.

    ln minutes ~ Normal(ln minutes_j - pace_i, residual_sd^2)

van der Linden (2006), doi:10.3102/10769986031002181: person sd .18-.37 (in the subgroups), item sd .33-.36 (in the
activities' minutes), residual .50.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Pace:
    """Attributes:
    residual_sd: sd of the log minutes of one try around the student's and the activity's own.
    """

    residual_sd: float = 0.5

    def __post_init__(self) -> None:
        check = Violations("pace")
        check.number("residual_sd", self.residual_sd, at_least=0.0, at_most=3.0)
        check.raise_all()

    def take(self, minutes: Float, pace: Float, z: Float) -> Float:
        """Minutes that the activity takes, (n,), from its median, the student's trait and a standard normal."""
        log: Float = self.residual_sd * z
        log -= pace
        np.exp(log, out=log)
        log *= minutes
        return log
