"""The Leitner system: concepts in boxes, each box reviewed after a longer time than the one before.

    interval of box b >= 1 = first_days * factor^(b - 1)        the first box is due at once

Leitner (1972); as a model of spaced repetition: Reddy et al. (2016), doi:10.1145/2939672.2939850. What comes first is
said in `schedule.py`; what is being learned is what is in the first box.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self, cast

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.lesson import Lesson
from curriculum_rl.policies.schedule import scheduled
from curriculum_rl.trackers.boxes import Boxes, BoxesBelief
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Leitner:
    """Attributes:
    first_days: interval of the second box, days.
    factor: by which each later box waits longer, at least 1.
    learning: goals in the first box at which no new one is begun.
    lesson: how a concept is taught; for it, a concept counts as known as far as its share of right answers says.
    tracker: the boxes.
    """

    first_days: float = 1.0
    factor: float = 2.0
    learning: int = 3
    lesson: Lesson = field(default_factory=Lesson)
    tracker: Boxes = field(default_factory=Boxes)

    def __post_init__(self) -> None:
        check = Violations("leitner")
        check.number("first_days", self.first_days, above=0.0, at_most=1e4)
        check.number("factor", self.factor, at_least=1.0, at_most=100.0)
        check.number("learning", self.learning, at_least=1)
        check.raise_all()

    def variants(self) -> Iterable[Self]:
        """Intervals, how many are learned at a time, and other ways of teaching."""
        yield from (replace(self, first_days=d) for d in (0.01, 0.5, 1.0, 2.0, 4.0, 7.0, 14.0))
        yield from (replace(self, factor=f) for f in (1.0, 1.5, 2.0, 3.0))
        yield from (replace(self, learning=x) for x in (1, 2, 3, 5, 8, 1000))
        yield from (replace(self, lesson=lesson) for lesson in self.lesson.variants())

    def probabilities(self, view: View) -> Float:
        """All on what comes first, (n, A)."""
        belief = cast(BoxesBelief, view.belief)
        overdue = belief.now[:, None] - belief.last - self.interval(belief.box)
        priority = scheduled(belief, overdue, belief.box == 0, self.learning)
        return self.lesson.probabilities(view, priority, belief.outlook().stored)

    def interval(self, box: Float) -> Float:
        """Days from practice until a concept in this box is due, any shape."""
        days: Float = self.first_days * self.factor ** (box - 1.0)
        return np.where(box > 0, days, 0.0)
