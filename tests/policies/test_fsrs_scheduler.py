"""Laws of the FSRS scheduler: what has fallen to the desired retention comes first, then something new."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.policies.fsrs_scheduler import FSRSScheduler
from curriculum_rl.policies.load import load_policy
from curriculum_rl.policies.policy import Policy
from curriculum_rl.trackers.fsrs import FSRSBelief
from curriculum_rl.world import World
from tests.worlds import world_named

IDS = np.arange(80)


@pytest.mark.parametrize("desired", [0.8, 0.95])
def test_what_has_fallen_to_the_desired_retention_comes_first_then_something_new(desired: float):
    policy = FSRSScheduler(desired=desired, learning=2)
    world = world_named("bkt exponential")
    simulation = Simulation(world, policy.tracker, IDS, 2)
    reviewed = begun = 0
    for _ in range(30):
        view = simulation.view()
        activity = policy.probabilities(view).argmax(axis=1)
        concept = world.curriculum.loads[0][0, activity]
        recall, seen = cast(FSRSBelief, view.belief).retention(view.belief.now), view.belief.seen > 0
        for i, k in enumerate(concept):
            goal = view.belief.goals[i]
            due = goal & seen[i] & (recall[i] <= desired)
            if due.any():
                assert due[k]
                reviewed += 1
            elif (goal & ~seen[i]).any() and not seen[i][k]:
                assert k == next(c for c in world.curriculum.order if goal[c] and not seen[i][c])
                begun += 1
        simulation.step(activity)
    assert reviewed > 30
    assert begun > 50


def gain(world: World, policy: Policy) -> np.ndarray:
    points: np.ndarray = rollout(world, policy, 60, seed=1).gain
    return points


def test_it_is_ahead_of_chance_in_the_world_that_it_was_made_for():
    world = world_named("pack vocabulary")
    ahead = gain(world, load_policy("fsrs_scheduler")) - gain(world, load_policy("random_allowed"))
    assert ahead.mean() > 4.0 * ahead.std() / np.sqrt(len(ahead))
