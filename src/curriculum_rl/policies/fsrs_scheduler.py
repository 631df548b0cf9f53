"""The FSRS scheduler: a concept is reviewed when it is believed to be recalled with a desired retention.

    interval = S (desired^(-1 / w20) - 1) / F          days from the last practice until R has fallen to desired

with S and F of `students/memory/fsrs.py`, whose state `trackers/fsrs.py` keeps: an interval of S days at .9. Ye and the
open-spaced-repetition project (2025), the package `fsrs`; there intervals are whole days, here they are exact. What
comes first is said in `schedule.py`; what is being learned is what was not yet, or not last, answered rightly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self, cast

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.lesson import Lesson
from curriculum_rl.policies.schedule import scheduled
from curriculum_rl.trackers.fsrs import FSRSBelief, FSRSTracker
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class FSRSScheduler:
    """Attributes:
    desired: retention at which a concept is due, in (0, 1).
    learning: goals being learned at which no new one is begun.
    lesson: how a concept is taught; for it, a concept counts as known as far as its share of right answers says.
    tracker: stability and difficulty.
    """

    desired: float = 0.9
    learning: int = 3
    lesson: Lesson = field(default_factory=Lesson)
    tracker: FSRSTracker = field(default_factory=FSRSTracker)

    def __post_init__(self) -> None:
        check = Violations("fsrs_scheduler")
        check.number("desired", self.desired, above=0.0, below=1.0)
        check.number("learning", self.learning, at_least=1)
        check.raise_all()

    def variants(self) -> Iterable[Self]:
        """Desired retentions, how many are learned at a time, and other ways of teaching."""
        yield from (replace(self, desired=d) for d in (0.7, 0.8, 0.85, 0.9, 0.95, 0.97))
        yield from (replace(self, learning=x) for x in (1, 2, 4, 1000))
        yield from (replace(self, lesson=lesson) for lesson in self.lesson.variants())

    def probabilities(self, view: View) -> Float:
        """All on what comes first, (n, A)."""
        belief = cast(FSRSBelief, view.belief)
        overdue = belief.overdue(self.desired)
        priority = scheduled(belief, overdue, ~belief.rightly & (overdue < 0), self.learning)
        return self.lesson.probabilities(view, priority, belief.stored())
