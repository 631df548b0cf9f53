"""SuperMemo 2: each concept is reviewed when its interval is over, and intervals grow by the concept's easiness.

Wozniak (1990); the equations are those of `trackers/repetitions.py`. It knows only when a concept is due; what else
comes when is said in `schedule.py`. What is being learned is what is new or was last answered wrongly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self, cast

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.lesson import Lesson
from curriculum_rl.policies.schedule import scheduled
from curriculum_rl.trackers.repetitions import Repetitions, RepetitionsBelief
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class SM2:
    """Attributes:
    learning: goals being learned at which no new one is begun.
    lesson: how a concept is taught; for it, a concept counts as known as far as its share of right answers says.
    tracker: easiness, repetitions and intervals.
    """

    learning: int = 3
    lesson: Lesson = field(default_factory=Lesson)
    tracker: Repetitions = field(default_factory=Repetitions)

    def __post_init__(self) -> None:
        check = Violations("sm2")
        check.number("learning", self.learning, at_least=1)
        check.raise_all()

    def variants(self) -> Iterable[Self]:
        """How many are learned at a time, what a right answer is worth, and other ways of teaching."""
        yield from (replace(self, learning=x) for x in (1, 2, 4, 1000))
        yield from (replace(self, tracker=replace(self.tracker, right=q)) for q in (3.0, 4.0, 5.0))
        yield from (replace(self, lesson=lesson) for lesson in self.lesson.variants())

    def probabilities(self, view: View) -> Float:
        """All on what comes first, (n, A)."""
        belief = cast(RepetitionsBelief, view.belief)
        priority = scheduled(belief, belief.overdue(), belief.interval == 0, self.learning)
        return self.lesson.probabilities(view, priority, belief.outlook().stored)
