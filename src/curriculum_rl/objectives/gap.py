"""An objective as high as it can be while no group is further behind the best one than a bound.

    maximise  J  subject to  J_top - J_g <= bound for every group g                     points of a course

with J_g the mean of main over the students of g, J over all, and top the group with the highest. By its Lagrangian
J - sum over g of lambda_g (J_top - J_g - bound), with p_g the group's share of the population,

    reward = main * w_g / (sum over h of p_h w_h)
    w_g = max(0, 1 + (lambda_g - [g = top] sum over h of lambda_h) / p_g)
    lambda_g <- clip(lambda_g + step (J_top - J_g - bound), 0, greatest)

Multipliers that rise on what is violated: Tessler et al. (2018), arXiv:1805.11074. A weight is never below 0, so nobody
is ever taught worse for its own sake: the gap is to be closed from below. With step 0 the multipliers stay at `first`,
and the objective is J less the weighted gaps between groups. Policies see no subgroup.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.config import nearest
from curriculum_rl.objectives.by_group import along, blank_multipliers, refused, weights_of
from curriculum_rl.objectives.constrained import check_moves
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.objective import Adaptive, Multipliers, Objective
from curriculum_rl.objectives.weighted import check_part
from curriculum_rl.violations import Violations
from curriculum_rl.world import World


@dataclass(frozen=True)
class Gap(Adaptive):
    """Attributes:
    main: what is gained; policies are judged by it.
    axis: a part of the subgroups' names on the axis that is meant; null means the whole names.
    bound: how far a group may be behind the best, points of a course.
    first: the multipliers before training, by group; 0 where a group is not named.
    step: how far a point of violation moves a multiplier.
    greatest: none rises further.
    courses: that must have ended before they move.
    memory: weight of courses from one move to the next, in [0, 1).
    """

    main: Objective = field(default_factory=DelayedTest)
    axis: str | None = None
    bound: float = 1.0
    first: Mapping[str, float] = field(default_factory=dict)
    step: float = 0.02
    greatest: float = 1.0
    courses: int = 100
    memory: float = 0.5

    def __post_init__(self) -> None:
        check = Violations("gap")
        check_part("main", self.main, check)
        check.number("bound", self.bound, at_least=0.0, at_most=1e6)
        check.number("greatest", self.greatest, at_least=0.0, at_most=1e6)
        for name, multiplier in self.first.items():
            check.number(f"first[{name}]", multiplier, at_least=0.0, at_most=self.greatest)
        check_moves(self.step, self.courses, self.memory, check)
        check.raise_all()

    def refusals(self, world: World) -> list[str]:
        """Those of what is gained, no groups to tell apart, and multipliers of none of them."""
        told = refused("gap", world, self.axis)
        if not told:
            check, names = Violations("gap"), along(world.population.groups, self.axis)[0]
            for name in sorted(set(self.first) - set(names)):
                check.add(f"gap: first[{name}]", self.first[name], "is for no group", nearest(name, names))
            told = check.found
        return [*self.main.refusals(world), *told]

    def start(self, world: World) -> Multipliers:
        """As `first` says."""
        multipliers = blank_multipliers(world, self.axis)
        multipliers.value[:] = [self.first.get(name, 0.0) for name in multipliers.names]
        return multipliers

    def combined(self, rewards: tuple[Float, ...], group: Int, multipliers: Multipliers) -> Float:
        """As above."""
        return rewards[0] * weights_of(self.weights(multipliers), group, multipliers)

    def weights(self, multipliers: Multipliers) -> Float:
        """w of each group, divided by their mean over the population, (p,). Which is the top is known once measured."""
        rise = multipliers.value.copy()
        means = multipliers.means
        if np.isfinite(means).any():
            rise[np.nanargmax(means)] -= multipliers.value.sum()
        weight = np.maximum(0.0, 1.0 + rise / multipliers.share)
        return weight / float(multipliers.share @ weight)

    def move(self, multipliers: Multipliers, totals: Float, courses: Int) -> None:
        """As above, in place; the multiplier of a group that nothing was measured of yet stays."""
        means = multipliers.measure(totals, courses, self.memory)
        if np.isfinite(means).any():
            over = np.nan_to_num(np.nanmax(means) - means - self.bound)
            multipliers.value[:] = np.clip(multipliers.value + self.step * over, 0.0, self.greatest)
