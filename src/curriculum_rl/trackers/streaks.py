"""Wrong answers in a row, beside what a Bayesian filter believes: where a student is stuck.

    wrong answer on k:  w_k <- w_k + 1
    right answer on k:  w_k <- 0, and w_c <- 0 for every c that needs k

so w_k counts the wrong answers on k since the last right one on it or on a prerequisite of it. Practice without an
answer changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.trackers.bkt import BKTFilter, FilterBelief
from curriculum_rl.trackers.tracker import Belief, held
from curriculum_rl.world import Platform


@dataclass
class StreaksBelief(FilterBelief):
    """The filter's belief, and the count above."""

    wrong: Float  # (n, K)

    def learn_from(self, activity: Int, concepts: Int, shares: Float, flat: Int, answered: Bool, correct: Bool) -> None:
        """Counts, in place, and lets the filter learn."""
        super().learn_from(activity, concepts, shares, flat, answered, correct)
        wrong, real = self.wrong.ravel(), shares > 0
        wrong[flat[real & answered & ~correct]] += 1.0
        done = real & correct
        wrong[flat[done]] = 0.0
        for child, strength in zip(*self.platform.curriculum.children, strict=True):
            unlocked = done & (strength.take(concepts) > 0)
            wrong[(child.take(concepts) + self.rows)[unlocked]] = 0.0


@dataclass(frozen=True)
class Streaks:
    """Attributes:
    filter: what believes.
    """

    filter: BKTFilter = field(default_factory=BKTFilter)

    @property
    def belief(self) -> type[Belief]:
        """The class of its beliefs."""
        return StreaksBelief

    def start(self, platform: Platform, goals: Bool) -> StreaksBelief:
        """The belief about n students whose goals are (n, K)."""
        return StreaksBelief(**held(self.filter.start(platform, goals)), wrong=np.zeros(goals.shape))
