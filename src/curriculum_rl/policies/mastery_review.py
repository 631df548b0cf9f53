"""Mastery learning with spaced review: what was mastered comes back when it is about to be forgotten.

As `mastery`, but before going on, any mastered goal whose believed P(recalled | known) has fallen under a threshold
is practised, the one most nearly forgotten first (reviews at a set retention: Wozniak & Gorzelanczyk 1994; Lindsey et
al. 2014, doi:10.1177/0956797613504302).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.lesson import Lesson
from curriculum_rl.policies.mastery import Mastery
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class MasteryReview:
    """Attributes:
    mastery: how concepts are learned.
    review_below: P(recalled | known) at which a mastered concept is due, in [0, 1].
    lesson: how a concept is reviewed.
    """

    mastery: Mastery = field(default_factory=Mastery)
    review_below: float = 0.7
    lesson: Lesson = field(default_factory=Lesson)

    def __post_init__(self) -> None:
        check = Violations("mastery_review")
        check.number("review_below", self.review_below, at_least=0.0, at_most=1.0)
        check.raise_all()

    @property
    def tracker(self) -> Tracker:
        """What believes."""
        return self.mastery.tracker

    def variants(self) -> Iterable[Self]:
        """When to review and to go on, other ways of reviewing, and all that `mastery` varies."""
        yield from (replace(self, mastery=replace(self.mastery, believed=b)) for b in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95))
        yield from (replace(self, review_below=r) for r in (0.4, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95))
        yield from (replace(self, lesson=lesson) for lesson in self.lesson.variants())
        yield from (replace(self, mastery=mastery) for mastery in self.mastery.variants())

    def probabilities(self, view: View) -> Float:
        """All on the goal most nearly forgotten if one is due, else on the first that is not mastered, (n, A)."""
        outlook = view.belief.outlook()
        retention = outlook.recall / np.maximum(outlook.stored, 1e-12)
        due = view.belief.goals & (outlook.stored >= self.mastery.believed) & (retention < self.review_below)
        priority = np.where(due, 2.0 - retention, self.mastery.priority(view, outlook))
        review = self.lesson.probabilities(view, priority, outlook.stored)
        learn = self.mastery.lesson.probabilities(view, priority, outlook.stored)
        return np.where(due.any(axis=1, keepdims=True), review, learn)
