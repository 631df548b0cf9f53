"""ZPDES: a bandit on learning progress within the zone of proximal development.

    P(concept) = (1 - explore) * value / sum of values + explore / size of the zone          over the zone

with the values of `trackers/progress.py`, taken as 0 where negative. A goal enters the zone when enough of the last
answers on every prerequisite were right, and leaves it when enough of its own were. Clement, Roy, Oudeyer & Lopes
(2015), Journal of Educational Data Mining 7(2), arXiv:1310.3174. Their arms are parameters of exercises; here a
concept is an arm. Where the zone is empty, every goal is in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self, cast

import numpy as np

from curriculum_rl.batch import Bool, Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.lesson import Lesson, spread
from curriculum_rl.policies.policy import evenly
from curriculum_rl.trackers.progress import Progress, ProgressBelief
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class ZPDES:
    """Attributes:
    explore: share of choices spread evenly over the zone, in [0, 1].
    enter: share of right answers lately that each prerequisite needs, in [0, 1].
    leave: share of right answers lately at which a concept is done, in [0, 1]; above 1: never.
    lesson: how a concept is taught; for it, a concept counts as known as far as its share of right answers says.
    tracker: what estimates progress.
    """

    explore: float = 0.2
    enter: float = 0.5
    leave: float = 1.0
    lesson: Lesson = field(default_factory=Lesson)
    tracker: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        check = Violations("zpdes")
        check.number("explore", self.explore, at_least=0.0, at_most=1.0)
        check.number("enter", self.enter, at_least=0.0, at_most=1.0)
        check.number("leave", self.leave, above=0.0, at_most=2.0)
        check.raise_all()

    def variants(self) -> Iterable[Self]:
        """Exploration, the zone's bounds, the bandit's own numbers, and other ways of teaching."""
        yield from (replace(self, explore=x) for x in (0.05, 0.1, 0.2, 0.3, 0.4))
        yield from (replace(self, enter=x) for x in (0.0, 0.25, 0.5, 0.75, 1.0))
        yield from (replace(self, leave=x) for x in (0.5, 0.75, 1.0, 2.0))
        yield from (replace(self, lesson=lesson) for lesson in self.lesson.variants())
        yield from (replace(self, tracker=replace(self.tracker, window=x)) for x in (2, 4, 6, 8, 12))
        yield from (replace(self, tracker=replace(self.tracker, memory=x)) for x in (0.3, 0.5, 0.7, 0.9))
        yield from (replace(self, tracker=replace(self.tracker, first=x)) for x in (0.05, 0.2, 0.5, 1.0))

    def probabilities(self, view: View) -> Float:
        """Spread over the zone, each concept by the activity that teaches it, (n, A)."""
        belief = cast(ProgressBelief, view.belief)
        activity = self.lesson.activities(view, belief.outlook().stored)
        return spread(view, activity, self.concepts(belief, self.zone(belief) & (activity >= 0)))

    def zone(self, belief: ProgressBelief) -> Bool:
        """Goals that are neither out of reach nor done, (n, K)."""
        right = belief.lately_right()
        reached = belief.goals.copy()
        for parent, strength in zip(*belief.platform.curriculum.parents, strict=True):
            reached &= (right.take(parent, axis=1) >= self.enter) | (strength == 0)
        zone: Bool = reached & (right < self.leave)
        empty = ~zone.any(axis=1)
        zone[empty] = belief.goals[empty]
        return zone

    def concepts(self, belief: ProgressBelief, zone: Bool) -> Float:
        """P(concept) over the zone, (n, K); 0 everywhere where the zone is empty."""
        value = np.maximum(belief.value, 0.0) * zone
        even = evenly(zone)
        total = value.sum(axis=1, keepdims=True)
        by_value = np.where(total > 0, value / np.where(total > 0, total, 1.0), even)
        return (1.0 - self.explore) * by_value + self.explore * even
