"""How long a student needs: the share of the course's minutes that goes by before all goals are mastered.

    reward = - 100 * minutes gone by / minutes of the course                       points

A course ends when the mean recall that a student would have at the test reaches `course.mastered`, so a student's
rewards add up to minus the share of the course's minutes that was needed, and to -100 where the calendar ended first.
Who drops out, or is stopped, is counted as if the calendar had ended (censored there), else the fastest way would be to
lose students. A session that the policy ends early goes by whole: what is not used of it counts as needed. What
overruns a session is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.world import World


@dataclass(frozen=True)
class TimeToMastery(Objective):
    """No settings: the course says what mastery is."""

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what it was worth."""
        return "total_reward"

    def before(self, students: Students, world: World) -> Float:
        """Minutes left, (n,)."""
        return world.course.minutes_left(students.clock)

    def reward(self, happened: Happened, students: Students, world: World, before: Float | None = None) -> Float:
        """Minus the share of the course that went by, (n,) points."""
        assert before is not None
        left = np.where(happened.left, 0.0, world.course.minutes_left(students.clock))
        return (left - before) * (100.0 / world.course.total_minutes)
