"""Power-law forgetting: R = (1 + (2^(1 / decay) - 1) t / h)^(-decay), so that R = 1/2 at t = h.

Wickelgren (1974), doi:10.3758/BF03198256, with lambda = 1 and b set by the half-life; slower than exponential late.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.students.memory.consolidation import Consolidation
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Power(Consolidation):
    """Power-law forgetting; see `Consolidation` for the other numbers.

    Attributes:
        decay: the exponent psi; assumed.
    """

    decay: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check = Violations("power")
        check.number("decay", self.decay, at_least=0.05, at_most=20.0)
        check.raise_all()

    def retention(self, days: Float, half_life: Float) -> Float:
        """R in [0, 1], any shape."""
        base: Float = days / half_life
        base *= 2.0 ** (1.0 / self.decay) - 1.0
        base += 1.0
        return np.power(base, -self.decay, out=base)
