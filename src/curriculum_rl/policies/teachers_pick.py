"""Teacher's pick: mastery learning, with remediation for who is stuck and extension for who is done.

    stuck on k:  wrong answers on k in a row >= stuck_after   ->  the prerequisite of k least believed to be recalled,
                 and from there on to one of its own while the student is stuck on it too
    done:        every goal believed mastered                 ->  the goal least recalled, by harder problems

Otherwise the concept of `mastery`. A right answer on the prerequisite sends the student back to k (the count is that of
`trackers/streaks.py`). The corrective and enrichment of Bloom's mastery learning (Bloom 1968; Guskey 2010, "Lessons of
mastery learning", Educational Leadership 68(2)); what counts as stuck is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self, cast

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.envs.simulation import View
from curriculum_rl.policies.lesson import Lesson
from curriculum_rl.policies.mastery import Mastery
from curriculum_rl.policies.policy import surely
from curriculum_rl.trackers.streaks import Streaks, StreaksBelief
from curriculum_rl.trackers.tracker import Outlook, Tracker
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class TeachersPick:
    """Attributes:
    mastery: how concepts are learned; its tracker is to be `trackers/streaks.py`.
    stuck_after: wrong answers in a row after which the student goes back to a prerequisite.
    extension: how those are taught who have mastered every goal.
    """

    mastery: Mastery = field(default_factory=lambda: Mastery(tracker=Streaks()))
    stuck_after: int = 3
    extension: Lesson = field(default_factory=lambda: Lesson(difficulty=10.0))

    def __post_init__(self) -> None:
        check = Violations("teachers_pick")
        check.number("stuck_after", self.stuck_after, at_least=1, whole=True)
        if not issubclass(self.tracker.belief, StreaksBelief):
            remedy = "Give it curriculum_rl.trackers.streaks.Streaks, which counts wrong answers in a row."
            check.add("mastery.tracker", type(self.tracker).__name__, "must count streaks", remedy)
        check.raise_all()

    @property
    def tracker(self) -> Tracker:
        """What believes and counts."""
        return self.mastery.tracker

    def variants(self) -> Iterable[Self]:
        """When a student is stuck, what counts as mastered, how long to try, and other ways of teaching."""
        yield from (replace(self, stuck_after=x) for x in (1, 3, 5))
        yield from (self._with(believed=b) for b in (0.6, 0.8, 0.95))
        yield from (self._with(patience=p) for p in (3, 1000))
        yield from (self._with(lesson=lesson) for lesson in self.mastery.lesson.variants())

    def _with(self, **changes: Any) -> Self:
        return replace(self, mastery=replace(self.mastery, **changes))

    def probabilities(self, view: View) -> Float:
        """All on the activity that the teacher would pick, (n, A)."""
        belief = cast(StreaksBelief, view.belief)
        outlook = belief.outlook()
        activity = self.mastery.lesson.activities(view, outlook.stored)
        left: Bool = belief.goals & (outlook.stored < self.mastery.believed)
        unfinished = left.any(axis=1, keepdims=True)
        if not unfinished.all():
            activity = np.where(unfinished, activity, self.extension.activities(view, outlook.stored))
        allowed, rows = activity >= 0, np.arange(len(activity))
        first: Int = np.where(allowed, self.mastery.priority(view, outlook), -np.inf).argmax(axis=1)
        back = self.remedy(belief, outlook, first)
        concept = np.where(allowed[rows, back], back, first)
        return surely(activity[rows, concept], view.mask.shape[1])

    def remedy(self, belief: StreaksBelief, outlook: Outlook, concept: Int) -> Int:
        """Where to go back to from these concepts, (n,); the concepts themselves where nobody is stuck."""
        parents, strengths = belief.platform.curriculum.parents
        if len(parents) == 0:
            return concept
        for _ in range(len(parents[0])):  # no chain of prerequisites is longer
            back, strength = parents.take(concept, axis=1), strengths.take(concept, axis=1)
            recall = np.where(strength > 0, np.take_along_axis(outlook.recall, back.T, axis=1).T, np.inf)
            least = np.take_along_axis(back, recall.argmin(axis=0)[None], axis=0)[0]
            wrong = np.take_along_axis(belief.wrong, concept[:, None], axis=1)[:, 0]
            stuck = (wrong >= self.stuck_after) & np.isfinite(recall.min(axis=0))
            if not stuck.any():
                break
            concept = np.where(stuck, least, concept)
        return concept
