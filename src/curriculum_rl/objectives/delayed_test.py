"""The expected score on a delayed test: one medium problem of each goal concept, some days after the course.

    potential = 100 / |goals| * sum over goals k of P(right on k at the test | the true state, nothing more done)

An expectation rather than a drawn test: the same mean with less noise. The test's day is fixed, so time that passes
changes nothing: only practice does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from curriculum_rl.batch import Float, total
from curriculum_rl.objectives.objective import Potential
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.trackers.planning import worth
from curriculum_rl.trackers.tracker import Outlook
from curriculum_rl.world import Platform, World


@dataclass(frozen=True)
class DelayedTest(Potential):
    """No settings: the world's calendar says when the test is."""

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what it gained."""
        return "gain"

    def reward(self, happened: Happened, students: Students, world: World, before: Any = None) -> Float:
        """The rise of the expected score, (n,) points."""
        before, after = world.population.knowledge.score(happened.concepts, np.array(happened.at_test))
        return 100.0 * total(happened.goal_share * (after - before))

    def expected(self, outlook: Outlook, platform: Platform, value: Float) -> Float:
        """`worth`, of `trackers/planning.py`, (n, A)."""
        return worth(outlook, platform, value)

    def potential(self, students: Students, world: World) -> Float:
        """The expected score, (n,) points."""
        return 100.0 * world.population.expected_score(students)
