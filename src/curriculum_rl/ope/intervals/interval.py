"""What every interval does, and who was drawn at random: students, or the classes that they sit in.

All intervals are two-sided: a share (1 - level) / 2 is left out on each side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.evaluation.statistics import standard_error
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate, Estimator
from curriculum_rl.violations import InvalidInput


class Interval(Protocol):
    """A frozen dataclass of settings; the same input always gives the same interval."""

    @property
    def level(self) -> float:
        """How often such intervals should hold the truth, in (0, 1)."""

    def of(
        self, estimator: Estimator, episodes: Episodes, estimate: Estimate, discount: float = 1.0
    ) -> tuple[float, float]:
        """Low and high end, given what `estimator` made of these episodes; nan where there is no telling."""


@dataclass(frozen=True)
class Clusters:
    """Who was drawn together.

    Attributes:
        students: indices of the students, those of a cluster side by side, (n,).
        starts: where each cluster begins among them, and their number, (C + 1,).
    """

    students: Int
    starts: Int

    @classmethod
    def of(cls, episodes: Episodes) -> Clusters:
        """The clusters that these students have."""
        _, sizes = np.unique(episodes.cluster, return_counts=True)
        return cls(np.argsort(episodes.cluster, kind="stable"), np.concatenate([[0], np.cumsum(sizes)]))

    def __len__(self) -> int:
        """How many."""
        return len(self.starts) - 1

    def at_least_two(self) -> None:
        """Refuses one cluster alone, which shows nothing of how clusters differ."""
        if len(self) < 2:
            told = f"cluster: {len(self.students)} students of one are all there are, and at least two are needed"
            raise InvalidInput("interval", [f"{told}. Judge on several classes, or draw students one by one"])

    def error(self, values: Float) -> tuple[float, float]:
        """Standard error of the mean of values by student, (n,), and its degrees of freedom.

        Raises:
            InvalidInput: there is one cluster.
        """
        self.at_least_two()
        number: list[int] | None = None
        if len(self) < len(self.students):
            of = np.empty(len(values), dtype=np.int64)
            of[self.students] = np.repeat(np.arange(len(self)), np.diff(self.starts))
            number = of.tolist()
        largest = float(np.abs(values).max()) or 1.0  # squares of very large weights would be no numbers
        error, freedom = standard_error(values / largest, number)
        return error * largest, freedom

    def members(self, drawn: Int) -> Int:
        """Students of these clusters, as often as each is drawn."""
        sizes = np.diff(self.starts)[drawn]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        members: Int = self.students[np.repeat(self.starts[drawn], sizes) + within]
        return members

    def sums(self, values: Float) -> Float:
        """Sums over each cluster's students of values by student, (n, ...), (C, ...)."""
        sums: Float = np.add.reduceat(values[self.students], self.starts[:-1], axis=0)
        return sums
