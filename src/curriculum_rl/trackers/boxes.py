"""Boxes of the Leitner system: a right answer moves a concept one box up, a wrong one back to the first.

Leitner (1972), "So lernt man lernen". Practice without an answer leaves a concept in its box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.trackers.counts import Counts, CountsBelief
from curriculum_rl.trackers.tracker import Belief, held
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform


@dataclass
class BoxesBelief(CountsBelief):
    """Counts, and the box of each concept."""

    box: Float  # (n, K) 0: the first
    top: int

    def learn_from(self, activity: Int, concepts: Int, shares: Float, flat: Int, answered: Bool, correct: Bool) -> None:
        """Moves the practised concepts between boxes, in place."""
        box = self.box.take(flat)
        moved = np.where(correct, np.minimum(box + 1.0, self.top), 0.0)
        self.box.ravel()[flat] = np.where(answered & (shares > 0), moved, box)


@dataclass(frozen=True)
class Boxes:
    """Attributes:
    top: number of the last box, the first being 0.
    """

    top: int = 6

    def __post_init__(self) -> None:
        check = Violations("boxes")
        check.number("top", self.top, at_least=1, at_most=50)
        check.raise_all()

    @property
    def belief(self) -> type[Belief]:
        """The class of its beliefs."""
        return BoxesBelief

    def start(self, platform: Platform, goals: Bool) -> BoxesBelief:
        """The belief about n students whose goals are (n, K): everything in the first box."""
        return BoxesBelief(**held(Counts().start(platform, goals)), box=np.zeros(goals.shape), top=self.top)
