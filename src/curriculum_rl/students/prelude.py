"""What students do before the course: scripted steps that the platform knows as history, and that cost no time.

A prelude belongs to the world, not to the platform, so its script may look at the true state of students.
"""

from __future__ import annotations

from typing import Final, Protocol, Self, TypeVar

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.students.population import Population, Students
from curriculum_rl.students.student import Dynamics
from curriculum_rl.violations import Violations

P = TypeVar("P")

APART: Final = 1 << 40
"""The prelude's stretch of the LIFE stream begins at this counter. Frozen."""

SLOTS: Final = np.array([28, 29, 30], dtype=np.uint64)
"""Slots of the script's own draws in a step of the prelude. Frozen."""


class Prelude(Protocol[P]):
    """A script: a frozen dataclass of settings; what it remembers of each student, P, is a dataclass of arrays."""

    @property
    def steps(self) -> int:
        """At most so many."""

    def check(self, curriculum: Curriculum, population: Population, check: Violations) -> None:
        """Notes why it cannot be played in this world."""

    def kept(self, curriculum: Curriculum) -> Self:
        """The same script for a part of its curriculum."""

    def start(self, n: int) -> P:
        """What it remembers of n students at first."""

    def choose(self, state: P, students: Students, dynamics: Dynamics, u: Float) -> Int:
        """The next activity of each student, (n,), -1 where the prelude is over; u are uniform draws, (3, n)."""

    def note(self, state: P, activity: Int, correct: Bool) -> None:
        """Takes in what came of it, in place."""
