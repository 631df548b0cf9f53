"""FSRS-6, the free spaced repetition scheduler, as a student: stability and difficulty of each concept.

    R(t) = (1 + F t / S)^(-w20),  F = .9^(-1 / w20) - 1         so that R = .9 after S days
    first try:   S = w[G-1],  D = w4 - e^(w5 (G-1)) + 1
    recalled:    S' = S [1 + e^w8 (11-D) S^(-w9) (e^(w10 (1-R)) - 1) (w15 if hard) (w16 if easy)]
    lapse:       S' = min(w11 D^(-w12) ((S+1)^w13 - 1) e^(w14 (1-R)),  S / e^(w17 w18))
    same day:    S' = S e^(w17 (G-3+w18)) S^(-w19),  at least S where G >= 2
    always:      D' = w7 D0(4) + (1-w7) [D - w6 (G-3) (10-D) / 9],  S at least .001, D in 1..10

with the grade G: 1 again, 2 hard, 3 good, 4 easy. Ye and the open-spaced-repetition project (2025): the package `fsrs`
(PyPI, 6.3), which this equals; the weights and their bounds are that package's. A student who remembers f times longer
than average lives f times slower: R is that of t / f days.

What the package has no word for: the try at which a concept is learned has a grade of its own, for it was answered
before; practice without an answer starts the clock anew, and changes neither S nor D.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.memory.memory import Draw
from curriculum_rl.students.memory.power import Power
from curriculum_rl.violations import Violations

WEIGHTS: Final = (
    *(0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796),
    *(1.4835, 0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542),
)
"""w0 .. w20 as the package `fsrs` 6.3 has them."""
LOWEST: Final = (
    *(0.001, 0.001, 0.001, 0.001, 1.0, 0.001, 0.001, 0.001, 0.0, 0.0, 0.001),
    *(0.001, 0.001, 0.001, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.1),
)
HIGHEST: Final = (
    *(100.0, 100.0, 100.0, 100.0, 10.0, 4.0, 4.0, 0.75, 4.5, 0.8, 3.5),
    *(5.0, 0.25, 0.9, 4.0, 1.0, 6.0, 2.0, 2.0, 0.8, 0.8),
)
"""The bounds of each weight, as the package has them."""
SHORTEST: Final = 0.001
"""Least stability, days."""
AGAIN, HARD, EASY = 1, 2, 4


@dataclass
class Stabilities:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    stability: Float  # (n, K) days of the student's own time until R = .9
    difficulty: Float  # (n, K) 1 .. 10
    last: Float  # (n, K) day of the last practice
    factor: Float  # (n,) how many times slower than average the student's own time goes


@dataclass(frozen=True)
class FSRS:
    """Attributes:
    weights: w0 .. w20.
    right: grade of a right answer, 2 to 4; a wrong one is graded 1.
    first: grade of the try at which a concept is learned, 1 to 4.
    known_days: stability of what was known before the course, days; its difficulty is that of a right first try.
    same_day: two tries that are less than so many days apart are of one day; 1 in the package.
    whole_days: whether time is counted in whole days, as in the package: then nothing is forgotten within one.
    """

    weights: tuple[float, ...] = WEIGHTS
    right: int = 3
    first: int = 3
    known_days: float = 100.0
    same_day: float = 1.0
    whole_days: bool = False

    def __post_init__(self) -> None:
        check = Violations("fsrs")
        if not isinstance(self.weights, tuple) or len(self.weights) != len(WEIGHTS):
            check.add("weights", self.weights, f"must be {len(WEIGHTS)} numbers, w0 to w20")
        else:
            for i, (weight, low, high) in enumerate(zip(self.weights, LOWEST, HIGHEST, strict=True)):
                check.number(f"weights[{i}]", weight, at_least=low, at_most=high)
        check.number("right", self.right, at_least=HARD, at_most=EASY, whole=True)
        check.number("first", self.first, at_least=AGAIN, at_most=EASY, whole=True)
        check.number("known_days", self.known_days, at_least=SHORTEST, at_most=36500.0)
        check.number("same_day", self.same_day, at_least=0.0, at_most=1.0)
        check.that(self.whole_days in (True, False), f"whole_days = {self.whole_days!r}: must be true or false")
        check.raise_all()

    @cached_property
    def scale(self) -> float:
        """F: the curve passes .9 after as many days as its stability."""
        return float(0.9 ** (-1.0 / self.weights[20]) - 1.0)

    def retention(self, days: Float, stability: Float) -> Float:
        """R in [0, 1] so many days of the student's own time after the last try, any shape."""
        base: Float = np.maximum(days, 0.0) / stability
        base *= self.scale
        base += 1.0
        return np.power(base, -self.weights[20], out=base)

    def days_until(self, stability: Float, retention: Float | float) -> Float:
        """The days after which R has fallen so far, any shape: the interval of a scheduler."""
        days: Float = stability * ((retention ** (-1.0 / self.weights[20]) - 1.0) / self.scale)
        return days

    def begun(self, grade: Int) -> tuple[Float, Float]:
        """Stability and difficulty after a first try, of the shape of `grade`."""
        return np.take(np.array(self.weights[:4]), grade - 1), self._first_difficulty(grade).clip(1.0, 10.0)

    def reviewed(
        self, stability: Float, difficulty: Float, retention: Float, grade: Int, same_day: Bool
    ) -> tuple[Float, Float]:
        """Both after a further try, from what they were and from R just before it; one shape."""
        w = self.weights
        missing = 1.0 - retention
        bonus = np.take(np.array([1.0, w[15], 1.0, w[16]]), grade - 1)
        growth = np.exp(w[8]) * (11.0 - difficulty) * stability ** -w[9] * np.expm1(w[10] * missing) * bonus
        relearned = w[11] * difficulty ** -w[12] * ((stability + 1.0) ** w[13] - 1.0) * np.exp(w[14] * missing)
        lapsed = np.minimum(relearned, stability / np.exp(w[17] * w[18]))
        within = np.exp(w[17] * (grade - 3 + w[18])) * stability ** -w[19]
        within = stability * np.where(grade >= HARD, np.maximum(within, 1.0), within)
        after = np.where(same_day, within, np.where(grade == AGAIN, lapsed, stability * (1.0 + growth)))
        moved = difficulty - w[6] * (grade - 3) * (10.0 - difficulty) / 9.0
        reverted = w[7] * self._first_difficulty(np.array(EASY)) + (1.0 - w[7]) * moved
        return np.maximum(after, SHORTEST), reverted.clip(1.0, 10.0)

    def answered(self, stability: Float, difficulty: Float, days: Float, grade: Int) -> tuple[Float, Float]:
        """`reviewed`, so many days after the last practice, by an average student."""
        counted = self.counted(days)
        return self.reviewed(stability, difficulty, self.retention(counted, stability), grade, counted < self.same_day)

    def _first_difficulty(self, grade: Int) -> Float:
        """D0, not yet within its bounds."""
        first: Float = self.weights[4] - np.exp(self.weights[5] * (grade - 1.0)) + 1.0
        return first

    def grades(self, correct: Bool) -> Int:
        """Of answers, any shape."""
        return np.where(correct, self.right, AGAIN)

    @cached_property
    def forgetting(self) -> Power:
        """The power law with the same curve, its half-lives lengthened as after a first try that is recalled at R = .9.

        R = 1/2 after (2^(1/w20) - 1) / F stabilities. A first review at R = 1 lengthens nothing, so gain = 0.
        """
        halves = float(self.days_until(np.array(1.0), 0.5))
        stability, difficulty = self.begun(np.array(self.first))
        again, _ = self.reviewed(stability, difficulty, np.array(0.9), np.array(self.right), np.array(False))
        cap = 1e5  # longer than any course
        return Power(
            new_days=min(halves * float(stability), cap),
            known_days=min(halves * self.known_days, cap),
            gain=0.0,
            spacing=min((float(again / stability) - 1.0) / 0.1, 100.0),
            cap_days=cap,
            decay=self.weights[20],
        )

    @property
    def wrong_matters(self) -> bool:
        """A wrong answer is a lapse."""
        return True

    def start(self, factor: Float, held: Bool, day: float, draw: Draw) -> Stabilities:
        """What is known is stable, the rest as after a first try, (n, K)."""
        stability, difficulty = self.begun(np.where(held, self.right, self.first))
        return Stabilities(
            np.where(held, self.known_days, stability), difficulty, np.full(held.shape, float(day)), factor.copy()
        )

    def recalled(self, state: Stabilities, flat: Int, day: float | Float) -> Float:
        """R on a day, of the shape of `flat`."""
        days = self.counted(day - state.last.take(flat)) / self._factor(state, flat)
        return self.retention(days, state.stability.take(flat))

    def practise(
        self,
        state: Stabilities,
        flat: Int,
        day: Float,
        recalled: Float,
        held: Bool,
        correct: Bool,
        answered: Bool,
        new: Bool,
    ) -> None:
        """A first try where it is new, a further one where it was held and answered."""
        before = state.stability.take(flat), state.difficulty.take(flat)
        same_day = self.counted(day - state.last.take(flat)) < self.same_day
        after = self.reviewed(*before, recalled, self.grades(correct), same_day)
        first = self.begun(np.array(self.first))
        review = held & answered
        for array, was, further, begun in zip((state.stability, state.difficulty), before, after, first, strict=True):
            array.ravel()[flat] = np.where(new, begun, np.where(review, further, was))
        state.last.ravel()[flat] = np.where(held, day, state.last.take(flat))

    def counted(self, days: Float) -> Float:
        """Days as they count, any shape."""
        return np.floor(days) if self.whole_days else days

    def _factor(self, state: Stabilities, flat: Int) -> Float:
        factor: Float = state.factor.take(flat // state.stability.shape[1])
        return factor
