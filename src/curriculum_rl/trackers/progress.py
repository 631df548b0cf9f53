"""Learning progress: how much better the last answers on a concept were than those before, as a bandit values it.

With C_1 .. C_d the last d answers (1 right, 0 wrong, oldest first; 0 where there was none yet):

    r = 2/d * (sum of the newer half - sum of the older half)
    value <- memory * value + rate * r                              after each answer on the concept

the reward and the update of ZPDES: Clement, Roy, Oudeyer & Lopes (2015), Journal of Educational Data Mining 7(2),
arXiv:1310.3174.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.trackers.counts import Counts, CountsBelief
from curriculum_rl.trackers.tracker import Belief, held
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform

MAX_WINDOW = 32


@dataclass
class ProgressBelief(CountsBelief):
    """Counts, the last answers as bits, and the bandit's values."""

    answers: Int  # (n, K) the last answers, the newest in the lowest bit
    value: Float  # (n, K)
    window: int
    memory: float
    rate: float

    def learn_from(self, activity: Int, concepts: Int, shares: Float, flat: Int, answered: Bool, correct: Bool) -> None:
        """Takes in the answers on the practised concepts, in place."""
        half = self.window // 2
        before, value = self.answers.take(flat), self.value.take(flat)
        after = (before << 1 | correct) & ((1 << self.window) - 1)
        newer = np.bitwise_count(after & ((1 << half) - 1)).astype(np.float64)
        reward = (newer - np.bitwise_count(after >> half)) / half
        seen = answered & (shares > 0)
        self.answers.ravel()[flat] = np.where(seen, after, before)
        self.value.ravel()[flat] = np.where(seen, self.memory * value + self.rate * reward, value)

    def lately_right(self) -> Float:
        """Share of right answers among the last ones, by concept, (n, K); those not yet given count as wrong."""
        share: Float = np.bitwise_count(self.answers) / self.window
        return share


@dataclass(frozen=True)
class Progress:
    """Attributes:
    window: d, the answers looked back at, even.
    memory: of the value at each answer, in [0, 1].
    rate: weight of the new reward, above 0.
    first: value of a concept before its first answer, at least 0.
    """

    window: int = 4
    memory: float = 0.7
    rate: float = 0.5
    first: float = 0.2

    def __post_init__(self) -> None:
        check = Violations("progress")
        if check.number("window", self.window, at_least=2, at_most=MAX_WINDOW) and self.window % 2:
            check.add("window", self.window, "must be even", "Its newer half is compared with its older half.")
        check.number("memory", self.memory, at_least=0.0, at_most=1.0)
        check.number("rate", self.rate, above=0.0, at_most=100.0)
        check.number("first", self.first, at_least=0.0, at_most=100.0)
        check.raise_all()

    @property
    def belief(self) -> type[Belief]:
        """The class of its beliefs."""
        return ProgressBelief

    def start(self, platform: Platform, goals: Bool) -> ProgressBelief:
        """The belief about n students whose goals are (n, K)."""
        return ProgressBelief(
            **held(Counts().start(platform, goals)),
            answers=np.zeros(goals.shape, dtype=np.int64),
            value=np.full(goals.shape, self.first),
            window=self.window,
            memory=self.memory,
            rate=self.rate,
        )
