"""Laws of the Leitner system: boxes move as they should, and nothing is reviewed before its time."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.policies.leitner import Leitner
from curriculum_rl.trackers.boxes import Boxes
from tests.worlds import world_named

IDS = np.arange(80)


def test_intervals_grow_by_the_factor():
    policy = Leitner(first_days=2.0, factor=3.0)
    np.testing.assert_allclose(policy.interval(np.arange(5.0)), [0, 2, 6, 18, 54])


def test_a_right_answer_moves_up_a_wrong_one_to_the_first_and_none_nowhere():
    world = world_named("bkt exponential")
    belief = Boxes(top=2).start(world.platform, np.ones((3, 8), dtype=np.bool_))
    medium, example = 1, 3  # of the first concept
    history = [([True, True, False], medium), ([True, False, True], medium), ([True, True, True], example)]
    history += [([True, True, True], medium)]
    seen = []
    for correct, activity in history:
        belief.update(np.full(3, activity), np.array(correct), np.zeros(3))
        seen.append(belief.box[:, 0].tolist())
    assert seen == [[1, 1, 0], [2, 0, 1], [2, 0, 1], [2, 1, 2]]
    assert np.all(belief.box[:, 1:] == 0)


@pytest.mark.parametrize("learning", [1, 4])
def test_due_reviews_come_first_then_new_ones_while_few_are_in_the_first_box(learning: int):
    policy = Leitner(first_days=1.0, factor=2.0, learning=learning)
    world = world_named("bkt exponential")
    simulation = Simulation(world, policy.tracker, IDS, 2)
    reviewed = begun = 0
    for _ in range(25):
        view = simulation.view()
        activity = policy.probabilities(view).argmax(axis=1)
        concept = world.curriculum.loads[0][0, activity]
        belief = view.belief
        days = belief.now[:, None] - belief.last
        for i, k in enumerate(concept):
            box, goal, new = belief.box[i], belief.goals[i], belief.seen[i] == 0
            due = goal & (box > 0) & (days[i] >= np.where(box > 0, 2.0 ** (box - 1), 0.0))
            low = goal & (box == 0) & ~new
            if due.any():
                assert due[k]
                reviewed += 1
            elif (goal & new).any() and low.sum() < learning:
                assert new[k]
                assert k == next(c for c in world.curriculum.order if goal[c] and new[c])
                begun += 1
            elif low.any():
                assert low[k]
                assert days[i, k] == days[i][low].max()
        simulation.step(activity)
    assert reviewed > 50
    assert begun > 50
