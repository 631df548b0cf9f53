"""DASH as in the review worlds: the course is cut into blocks of time, and a block counts once it is past.

    R = logistic(ability - delta + h) / (1 + r d)^f,  f = exp(-e^x)
    h = sum over past blocks w of weight_w [ln(1 + rights in w) + ln(1 + tries in w)]
    delta ~ Normal(difficulty, difficulty_sd^2),  x ~ Normal(decay, decay_sd^2)    of each item of each student
    ln r ~ Normal(ln rate, rate_sd^2)                                               of each student

d days since the last practice, or since the start, at least 0. Reddy, Levine & Dragan (2017), "Accelerating human
learning with deep reinforcement learning", after Lindsey et al. (2014), doi:10.1177/0956797613504302, which `dash.py`
is closer to. A quirk of the published form is kept: recall *rises* when a block ends and what was done in it begins
to count. A student who remembers f times longer than average has delays f times as short.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit

from curriculum_rl import streams
from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.students.memory.exponential import Exponential
from curriculum_rl.students.memory.memory import Draw
from curriculum_rl.students.memory.nearest import nearest
from curriculum_rl.violations import Violations


@dataclass
class Blocks:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    tries: Float  # (n, K, B) in each block
    rights: Float  # (n, K, B)
    difficulty: Float  # (n, K) delta, logits
    decay: Float  # (n, K) f
    rate: Float  # (n,) r, a day
    last: Float  # (n, K) day of the last practice
    first: Float  # (n,) the first day


@dataclass(frozen=True)
class DashBlocks:
    """Attributes:
    ends: days from the start at which each block but the last ends, rising.
    weights: of each block, at least 0; the last never counts, for it never ends.
    ability: of students, logits.
    difficulty, difficulty_sd: of items, logits.
    decay, decay_sd: of x, which makes the exponent f.
    rate, rate_sd: of r, a day, and of its logarithm.
    """

    ends: tuple[float, ...] = (1.0, 7.0, 30.0)
    weights: tuple[float, ...] = (1 / 16, 1 / 9, 1 / 4, 1.0)
    ability: float = 0.0
    difficulty: float = -2.0
    difficulty_sd: float = 1.0
    decay: float = 0.0
    decay_sd: float = 0.5
    rate: float = 1.0
    rate_sd: float = 0.01

    def __post_init__(self) -> None:
        check = Violations("dash_blocks")
        for name in ("ends", "weights"):
            if not isinstance(getattr(self, name), tuple):
                check.add(name, getattr(self, name), "must be a list of numbers")
        if not check.found:
            if check.each("ends", self.ends, above=0.0, at_most=1e5) and np.any(np.diff(self.ends) <= 0):
                check.add("ends", self.ends, "must rise from block to block", "Sort them and drop repeats.")
            check.each("weights", self.weights, at_least=0.0, at_most=100.0)
            if len(self.weights) != len(self.ends) + 1:
                check.add("weights", self.weights, f"must have {len(self.ends) + 1} numbers, one more than ends")
        for name in ("ability", "difficulty", "decay"):
            check.number(name, getattr(self, name), at_least=-20.0, at_most=20.0)
        for name in ("difficulty_sd", "decay_sd", "rate_sd"):
            check.number(name, getattr(self, name), at_least=0.0, at_most=10.0)
        check.number("rate", self.rate, above=0.0, at_most=1e8)
        check.raise_all()

    @cached_property
    def forgetting(self) -> Exponential:
        """The exponential rule with the half-lives of the median item."""
        return nearest(self)

    @property
    def wrong_matters(self) -> bool:
        """A wrong answer is a try."""
        return True

    def start(self, factor: Float, held: Bool, day: float, draw: Draw) -> Blocks:
        """Items drawn, and nothing practised yet, known or not."""
        n, concepts = held.shape
        blocks = np.zeros((n, concepts, len(self.weights)))
        return Blocks(
            tries=blocks,
            rights=blocks.copy(),
            difficulty=self.difficulty + self.difficulty_sd * streams.normal(draw(0)),
            decay=np.exp(-np.exp(self.decay + self.decay_sd * streams.normal(draw(1)))),
            rate=self.rate * np.exp(self.rate_sd * streams.normal(draw(2)[:, 0])) / factor,
            last=np.full(held.shape, float(day)),
            first=np.full(n, float(day)),
        )

    def recalled(self, state: Blocks, flat: Int, day: float | Float) -> Float:
        """R on a day, of the shape of `flat`."""
        row = flat // state.last.shape[1]
        block = self._block(day - state.first.take(row))
        logit = self.ability - state.difficulty.take(flat)
        tries, rights = (x.reshape(-1, len(self.weights)) for x in (state.tries, state.rights))
        for i, weight in enumerate(self.weights[:-1]):
            counted = np.log1p(rights[:, i].take(flat)) + np.log1p(tries[:, i].take(flat))
            logit += np.where(i < block, weight * counted, 0.0)
        delay = np.maximum(day - state.last.take(flat), 0.0)
        chance: Float = expit(logit) / (1.0 + state.rate.take(row) * delay) ** state.decay.take(flat)
        return chance

    def practise(
        self,
        state: Blocks,
        flat: Int,
        day: Float,
        recalled: Float,
        held: Bool,
        correct: Bool,
        answered: Bool,
        new: Bool,
    ) -> None:
        """Counts the answers on what is held in the present block; what is new has been right once, there."""
        row = flat // state.last.shape[1]
        now = self._block(day - state.first.take(row))[..., None] == np.arange(len(self.weights))
        review = held & answered
        for counts, more in ((state.tries, review), (state.rights, review & correct)):
            whole = counts.reshape(-1, len(self.weights))
            further = whole.take(flat, axis=0) + now * more[..., None]
            whole[flat] = np.where(new[..., None], now.astype(np.float64), further)
        state.last.ravel()[flat] = np.where(held, day, state.last.take(flat))

    def _block(self, days: Float) -> Int:
        """Which block a time after the start is in, any shape."""
        return np.searchsorted(np.array(self.ends), days, side="right")
