"""The group that fares worst, as high as it can be.

    maximise  min over groups g of J_g,   J_g = mean of main over the students of g              points of a course

Rewards are main's times q_g / p_g, with p_g the group's share of the population and weights q that move to where
little was gained:

    q_g <- q_g exp(-step J_g), then divided by their sum

Sagawa, Koh, Hashimoto & Liang (2020), "Distributionally robust neural networks for group shifts", arXiv:1911.08731,
with whole courses in place of losses; measured means are those of courses that ended lately (`Multipliers`). Where one
group is behind whatever is done, all weight goes to it in the end. Policies see no subgroup: they can only serve the
worst better by what its students do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.objectives.by_group import blank_multipliers, refused, weights_of
from curriculum_rl.objectives.constrained import check_moves
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.objective import Adaptive, Multipliers, Objective
from curriculum_rl.objectives.weighted import check_part
from curriculum_rl.violations import Violations
from curriculum_rl.world import World

LEAST: Final = 1e-6
"""A weight falls no lower, so that it can rise again."""


@dataclass(frozen=True)
class WorstGroup(Adaptive):
    """Attributes:
    main: what is gained; policies are judged by it.
    axis: a part of the subgroups' names on the axis that is meant; null means the whole names.
    step: how far a point moves the logarithm of a weight.
    courses: that must have ended before the weights move.
    memory: weight of courses from one move to the next, in [0, 1).
    """

    main: Objective = field(default_factory=DelayedTest)
    axis: str | None = None
    step: float = 0.05
    courses: int = 100
    memory: float = 0.5

    def __post_init__(self) -> None:
        check = Violations("worst_group")
        check_part("main", self.main, check)
        check_moves(self.step, self.courses, self.memory, check)
        check.raise_all()

    def refusals(self, world: World) -> list[str]:
        """Those of what is gained, and no groups to tell apart."""
        return [*self.main.refusals(world), *refused("worst_group", world, self.axis)]

    def start(self, world: World) -> Multipliers:
        """Everyone counts alike: q = p."""
        multipliers = blank_multipliers(world, self.axis)
        multipliers.value[:] = multipliers.share
        return multipliers

    def combined(self, rewards: tuple[Float, ...], group: Int, multipliers: Multipliers) -> Float:
        """As above."""
        return rewards[0] * weights_of(multipliers.value / multipliers.share, group, multipliers)

    def move(self, multipliers: Multipliers, totals: Float, courses: Int) -> None:
        """As above, in place; a group that nothing was measured of yet counts as the mean of the others."""
        means = multipliers.measure(totals, courses, self.memory)
        if np.isfinite(means).any():
            means = np.where(np.isfinite(means), means, np.nanmean(means))
            weight = np.maximum(multipliers.value * np.exp(-self.step * (means - means.min())), LEAST)
            multipliers.value[:] = weight / weight.sum()
