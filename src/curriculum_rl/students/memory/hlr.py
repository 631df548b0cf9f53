"""Half-life regression: the half-life is log-linear in how often an item was right and wrong.

    R = 2^(-t / h),  h = 2^(bias + right_weight f(right) + wrong_weight f(wrong) + b) days, floor_days to cap_days
    f(x) = sqrt(1 + x), or x itself where `roots` is off;  b ~ Normal(0, item_sd^2) of each item of each student

t days since the last practice. Settles & Meeder (2016), doi:10.18653/v1/P16-1174: half-lives from 15 minutes to 274
days; the weights that they fitted to Duolingo's log are nearly flat, and no dynamics, so those here are assumed.
Without roots it is the curve exp(-d / e^(tries + right + b)) of Reddy, Levine & Dragan (2017): see the pack review-hlr.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.memory.exponential import Exponential
from curriculum_rl.students.memory.memory import Draw
from curriculum_rl.students.memory.nearest import nearest
from curriculum_rl.violations import Violations


@dataclass
class Tallies:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    right: Float  # (n, K) right answers
    wrong: Float  # (n, K) wrong answers
    item: Float  # (n, K) b, and the log to base 2 of how many times longer than average the student remembers
    last: Float  # (n, K) day of the last practice


@dataclass(frozen=True)
class HalfLifeRegression:
    """Attributes:
    bias: of the log to base 2 of the half-life in days.
    right_weight: of right answers, at least 0.
    wrong_weight: of wrong ones, at most as large.
    item_sd: of the log to base 2 between items.
    roots: whether square roots are counted, as published, or answers.
    known_right: right answers that what was known before the course counts for; what is newly learned has one.
    floor_days, cap_days: the shortest and the longest half-life.
    """

    bias: float = 1.3
    right_weight: float = 2.0
    wrong_weight: float = -1.0
    item_sd: float = 0.5
    roots: bool = True
    known_right: float = 5.0
    floor_days: float = 15.0 / 1440.0
    cap_days: float = 274.0

    def __post_init__(self) -> None:
        check = Violations("hlr")
        check.number("bias", self.bias, at_least=-50.0, at_most=50.0)
        sound = check.number("right_weight", self.right_weight, at_least=0.0, at_most=20.0)
        if check.number("wrong_weight", self.wrong_weight, at_least=-20.0, at_most=20.0) and sound:
            sane = self.wrong_weight <= self.right_weight
            check.that(sane, f"wrong_weight = {self.wrong_weight}: must not be above right_weight")
        check.number("item_sd", self.item_sd, at_least=0.0, at_most=20.0)
        check.that(self.roots in (True, False), f"roots = {self.roots!r}: must be true or false")
        check.number("known_right", self.known_right, at_least=0.0, at_most=1e4)
        sound = check.number("floor_days", self.floor_days, above=0.0, at_most=1e12)
        if check.number("cap_days", self.cap_days, above=0.0, at_most=1e12) and sound:
            check.that(self.floor_days <= self.cap_days, f"floor_days = {self.floor_days}: must not be above cap_days")
        check.raise_all()

    @cached_property
    def forgetting(self) -> Exponential:
        """The exponential rule with the half-lives of the median item."""
        return nearest(self)

    @property
    def wrong_matters(self) -> bool:
        """A wrong answer is counted."""
        return True

    def start(self, factor: Float, held: Bool, day: float, draw: Draw) -> Tallies:
        """Items drawn, and right answers for what is known, (n, K)."""
        item = self.item_sd * streams.normal(draw(0)) + np.log2(factor)[:, None]
        return Tallies(
            np.where(held, self.known_right, 0.0), np.zeros(held.shape), item, np.full(held.shape, float(day))
        )

    def half_life(self, right: Float, wrong: Float, item: Float) -> Float:
        """Days, any shape."""
        counts = (np.sqrt(1.0 + right), np.sqrt(1.0 + wrong)) if self.roots else (right, wrong)
        power = self.bias + self.right_weight * counts[0] + self.wrong_weight * counts[1] + item
        days: Float = np.exp2(power.clip(np.log2(self.floor_days), np.log2(self.cap_days)))
        return days

    def recalled(self, state: Tallies, flat: Int, day: float | Float) -> Float:
        """R on a day, of the shape of `flat`."""
        half_life = self.half_life(*(x.take(flat) for x in (state.right, state.wrong, state.item)))
        power = np.maximum(day - state.last.take(flat), 0.0)
        power /= half_life
        np.negative(power, out=power)
        return np.exp2(power, out=power)

    def practise(
        self,
        state: Tallies,
        flat: Int,
        day: Float,
        recalled: Float,
        held: Bool,
        correct: Bool,
        answered: Bool,
        new: Bool,
    ) -> None:
        """Counts the answers on what is held; what is new has been right once."""
        right = state.right.take(flat) + correct
        wrong = state.wrong.take(flat) + (held & answered & ~correct)
        state.right.ravel()[flat] = np.where(new, 1.0, right)
        state.wrong.ravel()[flat] = np.where(new, 0.0, wrong)
        state.last.ravel()[flat] = np.where(held, day, state.last.take(flat))
