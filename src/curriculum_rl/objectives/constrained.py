"""One objective as high as another allows: the other is to reach a bound.

    maximise  E[main]  subject to  E[limited] >= at_least                       points of a course

by its Lagrangian E[main] + lambda (E[limited] - at_least), whose multiplier rises while the bound is missed:

    reward = (main + lambda limited) / (1 + lambda)
    lambda <- clip(lambda + step (at_least - mean of limited), 0, greatest)

Tessler, Mankowitz & Mannor (2018), "Reward constrained policy optimization", arXiv:1805.11074; divided by 1 + lambda,
rewards keep their size (Stooke, Achiam & Abbeel 2020, arXiv:2007.03964). The mean is that of the courses that ended
since the last move, and of those before with a weight that falls by `memory` at each move.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.objectives.cost import Cost
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.objective import Adaptive, Multipliers, Objective
from curriculum_rl.objectives.weighted import check_part
from curriculum_rl.violations import Violations
from curriculum_rl.world import World


@dataclass(frozen=True)
class Constrained(Adaptive):
    """Attributes:
    main: what is maximised; policies are judged by it.
    limited: what is to reach the bound.
    at_least: the bound, points of a course: such as -2 for a cost of at most 2.
    first: the multiplier before training.
    step: how far a point that is missing moves it.
    greatest: it rises no further.
    courses: that must have ended before it moves.
    memory: weight of courses from one move to the next, in [0, 1).
    """

    main: Objective = field(default_factory=DelayedTest)
    limited: Objective = field(default_factory=Cost)
    at_least: float = -2.0
    first: float = 0.0
    step: float = 0.05
    greatest: float = 10.0
    courses: int = 100
    memory: float = 0.5

    def __post_init__(self) -> None:
        check = Violations("constrained")
        check_part("main", self.main, check)
        check_part("limited", self.limited, check)
        check.number("at_least", self.at_least, at_least=-1e6, at_most=1e6)
        check.number("greatest", self.greatest, at_least=0.0, at_most=1e6)
        check.number("first", self.first, at_least=0.0, at_most=self.greatest)
        check_moves(self.step, self.courses, self.memory, check)
        check.raise_all()

    @property
    def parts(self) -> tuple[Objective, ...]:
        """What is maximised, and what is limited."""
        return self.main, self.limited

    def start(self, world: World) -> Multipliers:
        """One multiplier, for all."""
        return Multipliers(
            names=(),
            place=np.zeros(len(world.population.groups), dtype=np.int64),
            share=np.ones(1),
            value=np.full(1, self.first),
            total=np.zeros(1),
            courses=np.zeros(1),
        )

    def combined(self, rewards: tuple[Float, ...], group: Int, multipliers: Multipliers) -> Float:
        """As above."""
        multiplier = float(multipliers.value[0])
        return (rewards[0] + multiplier * rewards[1]) / (1.0 + multiplier)

    def move(self, multipliers: Multipliers, totals: Float, courses: Int) -> None:
        """As above, in place."""
        missing = self.at_least - multipliers.measure(totals, courses, self.memory)
        multipliers.value[:] = np.clip(multipliers.value + self.step * missing, 0.0, self.greatest)


def check_moves(step: float, courses: int, memory: float, check: Violations) -> None:
    """Notes what is wrong with how multipliers move."""
    check.number("step", step, at_least=0.0, at_most=1e3)
    check.number("courses", courses, at_least=1, whole=True)
    check.number("memory", memory, at_least=0.0, below=1.0)
