"""The last event by hand, and nothing but it."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.trackers.last_event import LastEvent, LastEventBelief
from curriculum_rl.violations import InvalidInput
from tests.worlds import made_world, random_actions


def features(belief: LastEventBelief) -> tuple[np.ndarray, np.ndarray]:
    planes, student = np.full((len(belief.now), 3, 8), 9.0, np.float32), np.full((len(belief.now), 3), 9.0, np.float32)
    belief.write_features(planes, student)
    return planes, student


def test_events_by_hand():
    """Nothing at first; then a project on two concepts answered wrongly; then a worked example, which asks nothing."""
    world = made_world()
    goals = np.arange(8)[None] < 3
    belief = LastEvent().start(world.platform, goals)
    planes, student = features(belief)
    np.testing.assert_array_equal(planes[0], [goals[0], np.zeros(8), np.zeros(8)])
    assert not student.any()
    places = {a.id: i for i, a in enumerate(world.curriculum.activities)}
    belief.update(np.array([places["pair"]]), np.array([False]), np.array([3.0]))
    planes, student = features(belief)
    shares = np.float32([0.3, 0, 0.7, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(planes[0], [goals[0], shares, -shares])
    np.testing.assert_allclose(student[0], [np.tanh(0.5 / 3.0), 1.5 / 2.5, 3.0 / 4.0], rtol=1e-6)
    belief.update(np.array([places["c1-3"]]), np.array([True]), np.array([0.0]))
    planes, student = features(belief)
    np.testing.assert_array_equal(planes[0], [goals[0], np.arange(8) == 1, np.zeros(8)])
    np.testing.assert_allclose(student[0], [0.0, 1.7 / 2.7, 0.0], rtol=1e-6)


def test_the_outlook_is_that_of_counts_and_the_features_forget():
    """Students of different pasts who did the same last look the same; what is counted of them differs."""
    world = made_world()
    last, counts = (Simulation(world, tracker, np.arange(60), 1) for tracker in (LastEvent(), Counts()))
    for action in random_actions(world, 20, 60):
        last.step(action)
        counts.step(action)
    np.testing.assert_array_equal(last.belief.outlook().recall, counts.belief.outlook().recall)
    fresh = LastEvent().start(world.platform, last.belief.goals)
    for belief in (last.belief, fresh):
        belief.update(np.full(60, 1), np.arange(60) % 2 == 0, np.ones(60))
    for ours, theirs in zip(features(last.belief), features(fresh), strict=True):  # type: ignore[arg-type]
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), "two"])
def test_refuses_a_bad_prior(bad: object):
    with pytest.raises(InvalidInput, match="prior"):
        LastEvent(bad)  # type: ignore[arg-type]
