"""Mastery gained: what has been learned of the goals, whatever is forgotten later.

potential = 100 / |goals| * sum over goals k of recall of k as if just practised
"""

from __future__ import annotations

from dataclasses import dataclass

from curriculum_rl.batch import Float
from curriculum_rl.students.population import Population, Students
from curriculum_rl.students.student import Happened


@dataclass(frozen=True)
class MasteryGain:
    """No settings."""

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what it gained."""
        return "mastery_gain"

    def reward(self, happened: Happened, population: Population) -> Float:
        """The rise of mastery, (n,) points."""
        before, after = happened.mastery
        rise: Float = (happened.goal_share * (after - before)).sum(axis=0)
        return 100.0 * rise

    def potential(self, students: Students, population: Population) -> Float:
        """Mean mastery, (n,) points."""
        return 100.0 * population.mean_mastery(students)
