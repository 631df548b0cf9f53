"""Mastery gained: what has been learned of the goals, whatever is forgotten later.

potential = 100 / |goals| * sum over goals k of recall of k as if just practised
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
class MasteryGain(Potential):
    """No settings."""

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what it gained."""
        return "mastery_gain"

    def reward(self, happened: Happened, students: Students, world: World, before: Any = None) -> Float:
        """The rise of mastery, (n,) points."""
        before, after = happened.mastery
        return 100.0 * total(happened.goal_share * (after - before))

    def expected(self, outlook: Outlook, platform: Platform, value: Float) -> Float:
        """`worth` if nothing were forgotten by the test, and the test were without guesses and slips, (n, A)."""
        known, kept = platform.filter, np.ones_like(outlook.kept)
        lasting = replace(outlook, at_test=outlook.stored, fresh=kept, refreshed=kept, kept=kept, shown=None)
        return worth(lasting, platform, value / (1.0 - known.slip - known.guess))

    def potential(self, students: Students, world: World) -> Float:
        """Mean mastery, (n,) points."""
        return 100.0 * world.population.mean_mastery(students)
