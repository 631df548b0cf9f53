"""Right answers: what a platform can count, and a trap for whoever teaches by it.

    reward = points for each right answer

It is what most logs hold for a reward. A policy that earns it well gives what is known already: learning is paid for by
the answers that come after it alone. To be judged by, beside an objective of learning; not to be taught by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.violations import Violations
from curriculum_rl.world import World


@dataclass(frozen=True)
class RightAnswers(Objective):
    """Attributes:
    points: for a right answer.
    """

    points: float = 1.0

    def __post_init__(self) -> None:
        check = Violations("right_answers")
        check.number("points", self.points, above=0.0, at_most=1e6)
        check.raise_all()

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what it was worth."""
        return "total_reward"

    def reward(self, happened: Happened, students: Students, world: World, before: Any = None) -> Float:
        """The points of this step, (n,)."""
        points: Float = np.where(happened.correct, self.points, 0.0)
        return points
