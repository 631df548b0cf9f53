"""What FSRS-6 knows of each concept: the stability and the difficulty that its answers have come to.

The equations and the weights are those of `students/memory/fsrs.py`, folded over events alone: the first answer sets
both, each further one moves them; practice without an answer starts the clock anew. What is known is believed from
counts, and recalled as far as R says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.memory.fsrs import AGAIN, FSRS
from curriculum_rl.trackers.counts import Counts, CountsBelief
from curriculum_rl.trackers.tracker import Belief, Float32, Outlook, held
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform

STABLE = 10.0
"""Days at which the feature `stability` is one half."""


@dataclass
class FSRSBelief(CountsBelief):
    """Counts, and what FSRS keeps; both are those of a first wrong answer where none was given yet."""

    concept_features: ClassVar[tuple[str, ...]] = (*CountsBelief.concept_features, "retention", "stability")

    stability: Float  # (n, K) days
    difficulty: Float  # (n, K) 1 .. 10
    rightly: Bool  # (n, K) whether the last answer was right
    memory: FSRS

    def learn_from(self, activity: Int, concepts: Int, shares: Float, flat: Int, answered: Bool, correct: Bool) -> None:
        """Takes in the answers on the practised concepts, in place."""
        memory, days = self.memory, self.now - self.last.take(flat)
        before = self.stability.take(flat), self.difficulty.take(flat)
        grade = np.broadcast_to(memory.grades(correct), flat.shape)
        first = memory.begun(grade)
        further = memory.answered(*before, days, grade)
        new, real = self.tries.take(flat) == 0, answered & (shares > 0)
        for array, was, begun, moved in zip((self.stability, self.difficulty), before, first, further, strict=True):
            array.ravel()[flat] = np.where(real, np.where(new, begun, moved), was)
        self.rightly.ravel()[flat] = np.where(real, correct, self.rightly.take(flat))

    def retention(self, day: Float) -> Float:
        """R of every concept on a day, (n,), given that it is known, (n, K)."""
        return self.memory.retention(self.memory.counted(day[:, None] - self.last), self.stability)

    def overdue(self, retention: Float | float) -> Float:
        """Days since R fell to this, (n, K); below 0 where it has not yet."""
        days: Float = self.now[:, None] - self.last - self.memory.days_until(self.stability, retention)
        return days

    def stored(self) -> Float:
        """P(known) as counts have it, (n, K)."""
        return super().outlook().stored

    def outlook(self) -> Outlook:
        """What is known as counts have it, and recalled as FSRS has it."""
        counted, memory = super().outlook(), self.memory
        test = np.full(len(self.now), self.platform.course.test_day)
        days, to_test = self.now[:, None] - self.last, memory.counted((test - self.now)[:, None])

        def later(grade: int) -> Float:
            """R at the test once everything were answered now, with this grade."""
            grades = np.full(self.stability.shape, grade)
            new, further = memory.begun(grades)[0], memory.answered(self.stability, self.difficulty, days, grades)[0]
            return memory.retention(to_test, np.where(self.tries == 0, new, further))

        recall = counted.stored * self.retention(self.now)
        return Outlook(
            recall=recall,
            stored=counted.stored,
            at_test=counted.stored * self.retention(test),
            readiness=self.readiness(recall),
            learn=counted.learn,
            fresh=memory.retention(to_test, memory.begun(np.array(memory.first))[0]) * np.ones_like(recall),
            refreshed=later(memory.right),
            kept=later(AGAIN),
            shown=memory.retention(to_test, self.stability),
        )

    def write_features(self, concept: Float32, student: Float32) -> None:
        """Writes those of counts, R, and stability; 0 where nothing was answered yet."""
        super().write_features(concept[:, :4], student)
        answered = self.tries > 0
        concept[:, 4] = answered * self.retention(self.now)
        concept[:, 5] = answered * self.stability / (self.stability + STABLE)


@dataclass(frozen=True)
class FSRSTracker:
    """Attributes:
    memory: weights, and how answers are graded.
    prior: tries that the population's first accuracy counts for; assumed.
    """

    memory: FSRS = field(default_factory=FSRS)
    prior: float = 2.0

    def __post_init__(self) -> None:
        check = Violations("fsrs")
        check.number("prior", self.prior, above=0.0, at_most=1000.0)
        check.raise_all()

    @property
    def belief(self) -> type[Belief]:
        """The class of its beliefs."""
        return FSRSBelief

    def start(self, platform: Platform, goals: Bool) -> FSRSBelief:
        """The belief about n students whose goals are (n, K): nothing answered yet."""
        stability, difficulty = self.memory.begun(np.full(goals.shape, AGAIN))
        return FSRSBelief(
            **held(Counts(self.prior).start(platform, goals)),
            stability=stability,
            difficulty=difficulty,
            rightly=np.zeros(goals.shape, dtype=np.bool_),
            memory=self.memory,
        )
