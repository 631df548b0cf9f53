"""What stays: the expected score on tests at several delays after the course, if nothing more is done.

    potential = 100 * sum over delays d of w_d * mean over goals k of P(right on k, d days after the last session)

with the weights divided by their sum. With one delay, that of the world's own test, it is `delayed_test.py`. Spaced
practice pays more the later the test: Cepeda et al. (2008), doi:10.1111/j.1467-9280.2008.02209.x. A step costs
O(students x concepts x delays).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.objectives.objective import Potential
from curriculum_rl.students.knowledge.knowledge import At
from curriculum_rl.students.population import Students
from curriculum_rl.students.student import Happened
from curriculum_rl.violations import Violations
from curriculum_rl.world import World


@dataclass(frozen=True)
class Retention(Potential):
    """The delays are assumed, from the next day to a term later.

    Attributes:
        delays: days from the last session to each test.
        weights: of each.
    """

    delays: tuple[float, ...] = (1.0, 7.0, 30.0, 90.0)
    weights: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        check = Violations("retention")
        check.that(self.delays, "delays = []: must hold at least one, such as [7]")
        check.each("delays", self.delays, at_least=0.0, at_most=1e5)
        if len(self.weights) != len(self.delays):
            check.add("weights", list(self.weights), f"must be as many as the delays, {len(self.delays)}")
        elif check.each("weights", self.weights, at_least=0.0) and self.delays and not sum(self.weights) > 0:
            check.add("weights", list(self.weights), "must not sum to nothing", "Give one of them a weight.")
        check.raise_all()

    @property
    def outcome(self) -> str:
        """The column of `Outcomes` that says what it gained."""
        return "total_reward"

    def before(self, students: Students, world: World) -> Float:
        """The potential, (n,)."""
        return self.potential(students, world)

    def reward(self, happened: Happened, students: Students, world: World, before: Float | None = None) -> Float:
        """The rise of the expected scores, (n,) points."""
        assert before is not None
        return self.potential(students, world) - before

    def potential(self, students: Students, world: World) -> Float:
        """The weighted mean of the expected scores, (n,) points."""
        population, end = world.population, world.course.days[-1]
        every, concepts = At.every(*students.goals.shape), np.arange(students.goals.shape[1])
        mean = np.zeros(students.goals.shape)
        for delay, weight in zip(self.delays, self.weights, strict=True):
            recall = population.recall_on(students, every, end + delay).T
            mean += weight / sum(self.weights) * population.knowledge.score(concepts, recall)
        points: Float = 100.0 * (mean * students.goal_share).sum(axis=1)
        return points
