"""No forgetting: R = 1 always."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.students.memory.consolidation import Consolidation


@dataclass(frozen=True)
class NoForgetting(Consolidation):
    """Nothing is forgotten; half-lives are kept, and make no difference."""

    def retention(self, days: Float, half_life: Float) -> Float:
        """R = 1, of the shape that the arguments broadcast to."""
        return np.ones(np.broadcast_shapes(days.shape, half_life.shape))
