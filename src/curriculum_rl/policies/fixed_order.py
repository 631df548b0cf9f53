"""Fixed order: a syllabus. Each goal has its equal part of the course's minutes, in the order of the curriculum.

With G goals and p passes, minute t of T is given to goal number floor(G * frac(p t / T)), whatever was learned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.lesson import Lesson
from curriculum_rl.policies.order import goals_alone, place_among_goals
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class FixedOrder:
    """Attributes:
    passes: how often the course goes through all goals.
    lesson: how a concept is taught.
    tracker: what believes what the lesson asks.
    """

    passes: int = 1
    lesson: Lesson = field(default_factory=Lesson)
    tracker: Tracker = field(default_factory=BKTFilter)

    def __post_init__(self) -> None:
        check = Violations("fixed_order")
        check.number("passes", self.passes, at_least=1, at_most=1000)
        check.raise_all()

    def variants(self) -> Iterable[Self]:
        """One pass to four, and other ways of teaching."""
        yield from (replace(self, passes=p) for p in (1, 2, 3, 4))
        yield from (replace(self, lesson=lesson) for lesson in self.lesson.variants())

    def probabilities(self, view: View) -> Float:
        """All on the goal whose turn it is, or the next that is allowed, (n, A)."""
        belief = view.belief
        spent = 1.0 - view.minutes_left / view.platform.course.total_minutes
        count = belief.goals.sum(axis=1)
        turn = np.minimum(np.floor(np.modf(spent * self.passes)[0] * count), count - 1)
        place = place_among_goals(view.platform.curriculum, belief.goals)
        wait = np.mod(place - turn[:, None], count[:, None])
        return self.lesson.probabilities(view, goals_alone(-wait, belief.goals), belief.outlook().stored)
