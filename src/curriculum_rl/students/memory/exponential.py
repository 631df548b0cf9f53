"""Exponential forgetting: R = 2^(-t / h), t days since the last practice, h the half-life.

Ebbinghaus (1885); in this form in half-life regression, Settles & Meeder (2016), doi:10.18653/v1/P16-1174.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.students.memory.consolidation import Consolidation


@dataclass(frozen=True)
class Exponential(Consolidation):
    """Exponential forgetting; see `Consolidation` for the numbers."""

    def retention(self, days: Float, half_life: Float) -> Float:
        """R = 2^(-days / half_life), any shape."""
        power: Float = days / half_life
        np.negative(power, out=power)
        return np.exp2(power, out=power)
