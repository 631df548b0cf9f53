"""The exponential forgetting curve of the review worlds: each item has a rate of its own, each review adds to strength.

    R = exp(-theta d / S),  ln theta ~ Normal(ln rate, rate_sd^2),  S from 1, + growth a review, right or wrong

d days since the last review; theta is drawn for each item of each student, so a student is a deck of items too. Reddy,
Levine & Dragan (2017), "Accelerating human learning with deep reinforcement learning": .077 a second, rate_sd 1,
growth 1; there recall passes 1 before the first review, here the delay is at least 0. The curve: Reddy et al. (2016),
doi:10.1145/2939672.2939850.
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
class Strengths:
    """What is true of n students. Hidden: no policy, tracker or mask receives it."""

    rate: Float  # (n, K) theta, a day
    strength: Float  # (n, K) S
    last: Float  # (n, K) day of the last practice


@dataclass(frozen=True)
class ExponentialCurve:
    """Attributes:
    rate: theta of the median item, a day.
    rate_sd: sd of ln theta between items.
    growth: added to the strength by a review.
    known_strength: of what was known before the course; what is newly learned has 1.
    """

    rate: float = 0.14
    rate_sd: float = 1.0
    growth: float = 1.0
    known_strength: float = 8.0

    def __post_init__(self) -> None:
        check = Violations("efc")
        check.number("rate", self.rate, above=0.0, at_most=1e6)
        check.number("rate_sd", self.rate_sd, at_least=0.0, at_most=5.0)
        check.number("growth", self.growth, at_least=0.0, at_most=100.0)
        check.number("known_strength", self.known_strength, above=0.0, at_most=1e6)
        check.raise_all()

    @cached_property
    def forgetting(self) -> Exponential:
        """The exponential rule with the half-lives of the median item."""
        return nearest(self)

    @property
    def wrong_matters(self) -> bool:
        """Every review adds as much."""
        return False

    def start(self, factor: Float, held: Bool, day: float, draw: Draw) -> Strengths:
        """Rates drawn, strengths from what is known, (n, K)."""
        rate = self.rate * np.exp(self.rate_sd * streams.normal(draw(0))) / factor[:, None]
        return Strengths(rate, np.where(held, self.known_strength, 1.0), np.full(held.shape, float(day)))

    def recalled(self, state: Strengths, flat: Int, day: float | Float) -> Float:
        """R on a day, of the shape of `flat`."""
        power = np.maximum(day - state.last.take(flat), 0.0)
        power *= state.rate.take(flat)
        power /= state.strength.take(flat)
        np.negative(power, out=power)
        return np.exp(power, out=power)

    def practise(
        self,
        state: Strengths,
        flat: Int,
        day: Float,
        recalled: Float,
        held: Bool,
        correct: Bool,
        answered: Bool,
        new: Bool,
    ) -> None:
        """What is held is as if just learned, and stronger; what is new has strength 1."""
        strength = state.strength.take(flat)
        state.strength.ravel()[flat] = np.where(new, 1.0, strength + self.growth * held)
        state.last.ravel()[flat] = np.where(held, day, state.last.take(flat))
