"""Mastery learning: each goal in the order of the curriculum until it is believed known, then the next.

What tutoring systems do, at P(known) >= .95 (Corbett & Anderson 1995, doi:10.1007/BF01099821; Bloom 1968). Where a
concept will not come, they go on after so many tries, and come back when the others were tried as often. When all
is believed known, the one least likely to be recalled is reviewed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.lesson import Lesson
from curriculum_rl.policies.order import goals_alone, position
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.tracker import Outlook, Tracker
from curriculum_rl.violations import Violations

MASTERED = -1e6
"""Priority of goals believed known: below those that are not, above concepts that are no goal."""


@dataclass(frozen=True)
class Mastery:
    """Attributes:
    believed: P(known) at which a concept counts as mastered, in (0, 1].
    patience: activities on a concept in a row of turns before the next has its turn.
    lesson: how a concept is taught.
    tracker: what believes.
    """

    believed: float = 0.95
    patience: int = 1000
    lesson: Lesson = field(default_factory=Lesson)
    tracker: Tracker = field(default_factory=BKTFilter)

    def __post_init__(self) -> None:
        check = Violations("mastery")
        check.number("believed", self.believed, above=0.0, at_most=1.0)
        check.number("patience", self.patience, at_least=1)
        check.raise_all()

    def variants(self) -> Iterable[Self]:
        """How long to try, and other ways of teaching; what counts as mastered stays as it is."""
        yield from (replace(self, patience=p) for p in (3, 5, 8, 12, 1000))
        yield from (replace(self, lesson=lesson) for lesson in self.lesson.variants())

    def probabilities(self, view: View) -> Float:
        """All on the first goal that is not mastered, (n, A)."""
        outlook = view.belief.outlook()
        return self.lesson.probabilities(view, self.priority(view, outlook), outlook.stored)

    def priority(self, view: View, outlook: Outlook) -> Float:
        """Which concept comes first, (n, K)."""
        belief = view.belief
        place = position(view.platform.curriculum)
        turns = np.floor_divide(belief.seen, self.patience)
        in_order = -(turns * len(place) + place)
        priority = np.where(outlook.stored < self.believed, in_order, MASTERED - outlook.recall)
        return goals_alone(priority, belief.goals)
