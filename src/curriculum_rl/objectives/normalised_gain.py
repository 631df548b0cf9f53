"""Normalised gain: what share of that which was missing when the course began has been learned.

    potential = 100 (m - b) / (1 - b)

with m the mean over the goals of recall as if just practised, and b what it was when the course began; 0 where nothing
was missing, below 0 where mastery was lost. Hake (1998), doi:10.1119/1.18809, of classes; here of each student. Where a
concept is passed or not, as in `students/knowledge/kss.py`, it is the score (end - start) / (full - start).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.objectives.mastery_gain import MasteryGain
from curriculum_rl.objectives.objective import Potential, Scaled
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.trackers.tracker import Outlook
from curriculum_rl.world import Platform, World


@dataclass(frozen=True)
class NormalisedGain(Scaled, Potential):
    """No settings."""

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what it gained."""
        return "normalised_gain"

    def reward(self, happened: Happened, students: Students, world: World, before: Any = None) -> Float:
        """The rise of the potential, (n,) points."""
        return MasteryGain().reward(happened, students, world) * self.scale(students)

    def expected(self, outlook: Outlook, platform: Platform, value: Float) -> Float:
        """The points of mastery gained, (n, A): to be multiplied by `scale`, which an outlook does not tell."""
        return MasteryGain().expected(outlook, platform, value)

    def scale(self, students: Students) -> Float:
        """1 / (1 - b), (n,); 0 where nothing was missing."""
        missing = 1.0 - students.begun
        return np.divide(1.0, missing, out=np.zeros_like(missing), where=missing > 1e-12)

    def potential(self, students: Students, world: World) -> Float:
        """The potential, (n,) points."""
        return 100.0 * (world.population.mean_mastery(students) - students.begun) * self.scale(students)
