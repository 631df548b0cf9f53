"""Whether a graph does what the package does: the same state in, the same event, and what comes out compared.

Probabilities and mastery may differ by `TOLERANCE`; where one activity is chosen for sure, it must be the same one
unless the package itself would choose otherwise on numbers that differ by as little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.envs.simulation import Gate
from curriculum_rl.export.courses import Plan, courses
from curriculum_rl.policies.policy import Policy
from curriculum_rl.runner.replay import TOLERANCE
from curriculum_rl.runner.runner import OUTPUTS, session
from curriculum_rl.world import Platform

STUDENTS, STEPS = 512, 100
"""Of a batch: long enough that students forget, and come to the end of their course."""
EACH = 4
"""Steps for each concept, at most: where everything is known, strategies are undecided."""
MOST = 20
"""Times as many observations as are asked for that are made to find enough in which the package is decided."""


@dataclass(frozen=True)
class Parity:
    """What the comparison came to.

    Attributes:
        observations: how many.
        furthest: the largest difference of a probability where the choice is not level.
        apart: observations where it is above the tolerance and the choice not level, or where what is believed or
            eligible differs.
        level: observations in which the package itself is undecided.
        asked: how many were to be compared in which it is not.
    """

    observations: int
    furthest: float
    apart: int
    level: int
    asked: int

    @property
    def passed(self) -> bool:
        """Whether they are the same, over enough observations."""
        return self.apart == 0 and self.observations - self.level >= self.asked


def parity(
    model: bytes, policy: Policy, platform: Platform, at_least: int = 100_000, gate: Gate | None = None, seed: int = 0
) -> Parity:
    """Compares over so many observations in which the package is decided."""
    graph, plan = session(model), Plan.plain(STUDENTS, len(platform.curriculum.concepts))
    steps = min(STEPS, EACH * len(platform.curriculum.concepts))
    count, furthest, apart, level, batch = 0, 0.0, 0, 0, 0
    while count - level < at_least and count < MOST * at_least:
        for one in courses(policy, platform, plan, steps, gate, seed + batch):
            _, chances, eligible, mastery = graph.run(OUTPUTS, one.inputs)
            differ = np.abs(chances - one.probabilities).max(axis=1)
            differ[one.level] = 0.0
            wrong = (differ > TOLERANCE) | (np.abs(mastery - one.mastery).max(axis=1) > TOLERANCE)
            wrong |= (eligible != one.eligible).any(axis=1)
            count, level = count + len(differ), level + int(one.level.sum())
            furthest, apart = max(furthest, float(differ.max())), apart + int(wrong.sum())
            if count - level >= at_least:
                break
        batch += 1
    return Parity(count, furthest, apart, level, at_least)
