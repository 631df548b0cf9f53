"""A bound that holds at any number of students, not only at many: the empirical Bernstein inequality.

For n independent terms in [low, high] with sample variance s^2, each side of

    V +- [ sqrt(2 s^2 ln(2 / d) / n) + 7 (high - low) ln(2 / d) / (3 (n - 1)) ],  d = (1 - level) / 2

fails with a chance of at most d (Maurer & Pontil 2009, arXiv:0907.3740, theorem 4). The range must be known before the
log is seen: from the smallest and largest reward, the largest ratio p / b that the logged policy's design allows, and
the longest course (the longest that was logged). It is taken from the estimator itself, by what it makes of one
student with all of them: rho^T sum g^t r for IS, sum g^t rho^(t+1) r for PDIS. Estimators that are no means of
independent terms (ratios, and all that fit something) have no such bound and are refused: with half of the students a
term of theirs is another. Clusters: the terms are the sums over a cluster's students, over n / C.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate, Estimator
from curriculum_rl.ope.intervals.interval import Clusters
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class EmpiricalBernstein:
    """Wide and certain.

    Attributes:
        level: share of such intervals that hold the truth, at least.
        smallest_reward, largest_reward: of any decision, known beforehand.
        largest_ratio: of the target's to the logged probability of any choice, known beforehand: 4 where at least one
            choice in four was given each activity that the target may take.
    """

    level: float = 0.95
    smallest_reward: float = 0.0
    largest_reward: float = 1.0
    largest_ratio: float = 2.0

    def __post_init__(self) -> None:
        check = Violations("empirical Bernstein interval")
        check.number("level", self.level, above=0.0, below=1.0)
        if check.number("smallest_reward", self.smallest_reward):
            check.number("largest_reward", self.largest_reward, at_least=self.smallest_reward)
        check.number("largest_ratio", self.largest_ratio, at_least=1.0)
        check.raise_all()

    def of(
        self, estimator: Estimator, episodes: Episodes, estimate: Estimate, discount: float = 1.0
    ) -> tuple[float, float]:
        """See `Interval`."""
        self._check(estimator, episodes, estimate, discount)
        clusters = Clusters.of(episodes)
        clusters.at_least_two()
        share = len(clusters) / len(episodes)
        terms = clusters.sums(estimate.terms) * share
        ends = [self._extreme(estimator, episodes, r, discount) for r in (self.smallest_reward, self.largest_reward)]
        largest = float(np.diff(clusters.starts).max()) * share
        half = bound(terms, largest * (max(0.0, *ends) - min(0.0, *ends)), self.level)
        return estimate.value - half, estimate.value + half

    def _check(self, estimator: Estimator, episodes: Episodes, estimate: Estimate, discount: float) -> None:
        check = Violations("empirical Bernstein interval")
        seen = (float(episodes.reward.min()), float(episodes.reward.max()), float(episodes.ratios.max()))
        if seen[0] < self.smallest_reward:
            check.add("smallest_reward", self.smallest_reward, f"a reward of {seen[0]:g} was logged")
        if seen[1] > self.largest_reward:
            check.add("largest_reward", self.largest_reward, f"a reward of {seen[1]:g} was logged")
        if seen[2] > self.largest_ratio * (1.0 + 1e-9):
            check.add("largest_ratio", self.largest_ratio, f"a ratio of {seen[2]:g} was logged")
        half = np.arange(0, len(episodes), 2)
        again = estimator.estimate(episodes.take(half), discount)
        check.that(
            np.allclose(again.terms, estimate.terms[half], rtol=1e-6, atol=1e-9),
            f"{type(estimator).__name__} is no mean of independent terms: choose another interval, or the estimator is "
            "or pdis",
        )
        check.raise_all()

    def _extreme(self, estimator: Estimator, episodes: Episodes, reward: float, discount: float) -> float:
        """The estimate from one student who always had this reward and the largest ratio."""
        steps = int(episodes.lengths.max())
        student = Episodes(
            student=np.zeros(steps, dtype=np.int64),
            action=np.zeros(steps, dtype=np.int64),
            reward=np.full(steps, reward),
            behaviour=np.full(steps, 1.0 / self.largest_ratio),
            choice=np.ones((steps, 1)),
            eligible=np.ones((steps, 1), dtype=np.bool_),
            features=episodes.features[:steps],
            state=None,
            cluster=np.zeros(1, dtype=np.int64),
            censored=np.zeros(1, dtype=np.bool_),
        )
        return estimator.estimate(student, discount).value


def bound(terms: Float, width: float, level: float) -> float:
    """How far the mean of independent terms, (n,), in a range of this width may be from what is expected."""
    n, tail = len(terms), math.log(4.0 / (1.0 - level))
    return float(math.sqrt(2.0 * terms.var(ddof=1) * tail / n) + 7.0 * width * tail / (3.0 * (n - 1)))
