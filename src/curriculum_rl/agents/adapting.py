"""An adaptive objective while an agent trains: its multipliers, and the courses that they will be moved by.

It stands in the place of the objective in the lanes. At each step it keeps the reward of what is measured; the lanes
say which courses ended that were played from their start; between two rollouts the multipliers move, once enough of
them have (`Adaptive.courses`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from curriculum_rl.batch import Bool, Float
from curriculum_rl.objectives.objective import Adaptive, Objective, check_fit
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.world import World


class Adapting(Objective):
    """Args:
    objective: what is adaptive.
    world: of the lanes.
    lanes: how many.
    """

    def __init__(self, objective: Adaptive, world: World, lanes: int) -> None:
        check_fit(objective, world)
        self.objective, self.multipliers = objective, objective.start(world)
        groups = len(world.population.groups)
        self.points = np.zeros(lanes)  # of the present courses
        self.totals, self.courses = np.zeros(groups), np.zeros(groups, dtype=np.int64)  # that ended, by subgroup
        self._step, self._group = np.zeros(lanes), np.zeros(lanes, dtype=np.int64)

    @property
    def outcome(self) -> str:
        """As the objective's."""
        return self.objective.outcome

    def before(self, students: Students, world: World) -> tuple[Any, ...]:
        """As the objective's."""
        return self.objective.before(students, world)

    def reward(self, happened: Happened, students: Students, world: World, before: Any = None) -> Float:
        """As the objective's, with the present multipliers."""
        rewards = self.objective.rewards(happened, students, world, before)
        self._step = rewards[-1] * ~happened.waited
        self._group = students.traits.group.copy()  # lanes take other students in this step
        return self.objective.combined(rewards, self._group, self.multipliers)

    def record(self, done: Bool, whole: Bool) -> None:
        """Takes in a step: whose course ended with it, (n,), and who had played theirs from the start, (n,)."""
        self.points += self._step
        if not done.any():
            return
        ended = np.flatnonzero(done & whole)
        np.add.at(self.totals, self._group[ended], self.points[ended])
        np.add.at(self.courses, self._group[ended], 1)
        self.points[done] = 0.0

    def forget(self) -> None:
        """Starts counting anew, with the multipliers as they are."""
        for kept in (self.points, self.totals, self.courses):
            kept[:] = 0

    def move(self) -> None:
        """Moves the multipliers if enough courses ended."""
        if self.courses.sum() >= self.objective.courses:
            self.objective.move(self.multipliers, self.totals, self.courses)
            self.totals[:], self.courses[:] = 0.0, 0

    def state(self) -> dict[str, np.ndarray[Any, Any]]:
        """Every array that changes; views, not copies."""
        m = self.multipliers
        return {
            "value": m.value,
            "measured.total": m.total,
            "measured.courses": m.courses,
            "points": self.points,
            "totals": self.totals,
            "courses": self.courses,
        }
