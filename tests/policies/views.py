"""What policies look at in tests: students part of the way through a course, with any mask."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curriculum_rl.batch import Bool, Int
from curriculum_rl.envs.believed import Believed
from curriculum_rl.envs.simulation import Simulation, View
from curriculum_rl.policies.policy import Policy
from curriculum_rl.world import World
from tests.paths import actions_of

MASKS = ("all", "gated", "some", "one")


def watched(world: World, policy: Policy, ids: Int, steps: int, seed: int = 3) -> Simulation:
    """These students after some activities, the same for each student in any batch."""
    simulation = Simulation(world, policy.tracker, ids, seed)
    for step in range(steps):
        simulation.step(actions_of(world, ids, step))
    return simulation


def masked(view: View, kind: str) -> View:
    """The same view with nothing masked, as a gate would, with most masked at random, or with one left."""
    return replace(view, mask=_mask(view, kind))


def _mask(view: View, kind: str) -> Bool:
    n, activities = view.mask.shape
    if kind == "gated":
        return Believed(0.5).mask(view.belief)
    if kind == "some":
        # By the student's id, so that a mask does not depend on the batch.
        return np.stack([_some(int(i), activities) for i in view.student])
    if kind == "one":
        return np.arange(activities) == (view.student % activities)[:, None]
    return np.ones((n, activities), dtype=np.bool_)


def _some(student: int, activities: int) -> Bool:
    allowed: Bool = np.random.default_rng(student).random(activities) < 0.3
    allowed[student % activities] = True
    return allowed
