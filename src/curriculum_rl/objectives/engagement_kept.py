"""Engagement that is kept: how engaged students are at the end, and nothing for those who have left.

    reward = 100 * (level after - level before),  level after = 0 where the student dropped out in this step    points

A course's rewards add up to 100 times the engagement at its end, 0 for who left, less that at its start. Who is stopped
has not left: alone, where a policy may stop, this is best kept by teaching little. Weigh it against what is learned.
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
class EngagementKept(Objective):
    """No settings."""

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what was kept."""
        return "engagement_kept"

    def refusals(self, world: World) -> list[str]:
        """A world without engagement."""
        if world.population.faculties.engagement is not None:
            return []
        remedy = "Switch on faculties.engagement, or take a world that has it, such as classroom."
        return [f"engagement_kept: students of {world.name!r} have no engagement that could be kept. {remedy}"]

    def before(self, students: Students, world: World) -> Float:
        """Engagement, (n,)."""
        return _level(students).copy()

    def reward(self, happened: Happened, students: Students, world: World, before: Float | None = None) -> Float:
        """The rise of engagement, (n,) points."""
        assert before is not None
        return 100.0 * (np.where(happened.left, 0.0, _level(students)) - before)


def _level(students: Students) -> Float:
    mood = students.inner.mood
    assert mood is not None, "refused: no engagement"
    return mood.level
