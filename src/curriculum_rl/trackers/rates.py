"""How fast this student learns each concept, by a Gaussian belief, beside what a Bayesian filter believes is known.

Each answer after practice of concept k is taken as a noisy sight of what the practice brought:

    r   = P(known | the answer, after practice) - P(known and recalled before)
    r   = theta_k x + e,  e ~ N(0, noise^2),   x = readiness * learning * share * (1 - P(known and recalled before))
    theta_k ~ N(learn_k, (spread learn_k)^2) at first, learn_k the population's chance to learn

of which the posterior is Gaussian again: precision + x^2 / noise^2, mean moved by x (r - x mean) / noise^2 over it. The
reward r is unbiased where the filter is right (its P(known) is a martingale); of a student who learns faster it sees
more. What is brought back from forgetting counts as brought. Practice without an answer tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.trackers.bkt import BKTFilter, FilterBelief
from curriculum_rl.trackers.tracker import Belief, held
from curriculum_rl.violations import Violations
from curriculum_rl.world import Platform


@dataclass
class RatesBelief(FilterBelief):
    """The filter's belief, and the Gaussian one about rates."""

    rate: Float  # (n, K) mean of theta
    variance: Float  # (n, K)
    noise: float

    def learn_from(self, activity: Int, concepts: Int, shares: Float, flat: Int, answered: Bool, correct: Bool) -> None:
        """Lets the filter learn, and takes in by how much it raised its belief, in place."""
        recall = self.stored_of(flat)
        recall *= self.platform.memory.retention(self.now - self.last.take(flat), self.half_life.take(flat))
        x = self._readiness(concepts) * self.platform.curriculum.learning.take(activity) * shares * (1.0 - recall)
        super().learn_from(activity, concepts, shares, flat, answered, correct)
        rate, variance = self.rate.take(flat), self.variance.take(flat)
        x *= answered
        gain = variance * x / (self.noise**2 + variance * x * x)
        self.rate.ravel()[flat] = rate + gain * (self.stored_of(flat) - recall - x * rate)
        self.variance.ravel()[flat] = variance * (1.0 - gain * x)


@dataclass(frozen=True)
class Rates:
    """Attributes:
    spread: sd of rates among students and concepts, as a share of the population's; assumed.
    noise: sd of what one answer shows of what practice brought, in P(known); assumed.
    filter: what believes.
    """

    spread: float = 1.0
    noise: float = 0.2
    filter: BKTFilter = field(default_factory=BKTFilter)

    def __post_init__(self) -> None:
        check = Violations("rates")
        check.number("spread", self.spread, above=0.0, at_most=100.0)
        check.number("noise", self.noise, above=0.0, at_most=100.0)
        check.raise_all()

    @property
    def belief(self) -> type[Belief]:
        """The class of its beliefs."""
        return RatesBelief

    def start(self, platform: Platform, goals: Bool) -> RatesBelief:
        """The belief about n students whose goals are (n, K)."""
        rate = np.broadcast_to(platform.filter.learn, goals.shape)
        return RatesBelief(
            **held(self.filter.start(platform, goals)),
            rate=rate.copy(),
            variance=(self.spread * rate) ** 2,
            noise=self.noise,
        )
