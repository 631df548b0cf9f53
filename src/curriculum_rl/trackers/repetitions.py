"""What SuperMemo 2 keeps of each concept: its easiness, its repetitions in a row, and the interval until it is due.

With q the quality of an answer from 0 to 5, here one number for right answers and one for wrong ones,

    EF   <- max(1.3, EF + 0.1 - (5 - q) (0.08 + (5 - q) 0.02))                     from 2.5
    I(1)  = 1 day,  I(2) = 6 days,  I(n) = I(n - 1) EF                             n: right answers in a row, when due
    wrong:  n = 0, I = 0: asked again the same day until it is right, which makes it the first repetition anew

Wozniak (1990), "Optimization of learning", section 3.2 (algorithm SM-2). It counts in whole days. Its text can be read
to leave EF alone where q < 3, its programs lower it then; here it is lowered, as right and wrong alone could do so no
other way. A right answer before its day is practice, no repetition: nothing moves. Nor does it without an answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.trackers.counts import Counts, CountsBelief
from curriculum_rl.trackers.tracker import Belief, held
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform


@dataclass
class RepetitionsBelief(CountsBelief):
    """Counts, and what SM-2 keeps."""

    ease: Float  # (n, K) the E-factor
    repetitions: Float  # (n, K) right answers in a row, each on or after its day
    interval: Float  # (n, K) days; 0 while it is being learned
    settings: Repetitions

    def learn_from(self, activity: Int, concepts: Int, shares: Float, flat: Int, answered: Bool, correct: Bool) -> None:
        """Takes in the answers on the practised concepts, in place."""
        settings = self.settings
        ease, count, interval = (x.take(flat) for x in (self.ease, self.repetitions, self.interval))
        due = np.floor(self.now) - np.floor(self.last.take(flat)) >= interval
        counts = answered & (shares > 0) & (due | ~correct)
        eased = np.maximum(ease + np.where(correct, *settings.easing), settings.least_ease)
        longer = np.where(count == 0, settings.first_days, np.where(count == 1, settings.second_days, interval * eased))
        self.ease.ravel()[flat] = np.where(counts, eased, ease)
        self.repetitions.ravel()[flat] = np.where(counts, np.where(correct, count + 1.0, 0.0), count)
        self.interval.ravel()[flat] = np.where(counts, np.where(correct, longer, 0.0), interval)

    def overdue(self) -> Float:
        """Whole days since each concept was due, (n, K); below 0 where it is not yet."""
        days: Float = np.floor(self.now)[:, None] - np.floor(self.last) - self.interval
        return days


@dataclass(frozen=True)
class Repetitions:
    """Attributes:
    right: quality of a right answer, 3 to 5; assumed. 4 leaves the easiness as it is.
    wrong: quality of a wrong answer, from 0, under 3; assumed.
    ease: easiness at first, published.
    least_ease: below which it does not fall, published.
    first_days: I(1), published.
    second_days: I(2), published.
    """

    right: float = 4.0
    wrong: float = 2.0
    ease: float = 2.5
    least_ease: float = 1.3
    first_days: float = 1.0
    second_days: float = 6.0

    def __post_init__(self) -> None:
        check = Violations("repetitions")
        check.number("right", self.right, at_least=3.0, at_most=5.0)
        check.number("wrong", self.wrong, at_least=0.0, below=3.0)
        if check.number("least_ease", self.least_ease, at_least=1.0, at_most=100.0):
            check.number("ease", self.ease, at_least=self.least_ease, at_most=100.0)
        check.number("first_days", self.first_days, above=0.0, at_most=1e4)
        check.number("second_days", self.second_days, above=0.0, at_most=1e4)
        check.raise_all()

    @property
    def easing(self) -> tuple[float, float]:
        """What a right and a wrong answer add to the easiness."""
        missing = (5.0 - self.right, 5.0 - self.wrong)
        right, wrong = (0.1 - m * (0.08 + m * 0.02) for m in missing)
        return right, wrong

    @property
    def belief(self) -> type[Belief]:
        """The class of its beliefs."""
        return RepetitionsBelief

    def start(self, platform: Platform, goals: Bool) -> RepetitionsBelief:
        """The belief about n students whose goals are (n, K): nothing repeated yet."""
        return RepetitionsBelief(
            **held(Counts().start(platform, goals)),
            ease=np.full(goals.shape, self.ease),
            repetitions=np.zeros(goals.shape),
            interval=np.zeros(goals.shape),
            settings=self,
        )
