"""Counts by hand."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from tests.worlds import made_world, random_actions


def test_three_answers_by_hand():
    """Right, wrong, right on one concept: recall = ((right + 2 first) / (tries + 2) - guess) / (1 - slip - guess)."""
    world = made_world("bkt", "none")
    belief, known = Counts(prior=2.0).start(world.platform, np.ones((1, 8), bool)), world.platform.filter
    for answer in (True, False, True):
        belief.update(np.array([1]), np.array([answer]), np.array([0.25]))
    guess, span = known.guess[0], 1.0 - known.slip[0] - known.guess[0]
    first = guess + span * known.initial[0]
    expected = ((2.0 + 2.0 * first) / (3.0 + 2.0) - guess) / span
    assert belief.outlook().recall[0, 0] == pytest.approx(expected)
    planes, none = np.zeros((1, 4, 8), np.float32), np.zeros((1, 0), np.float32)
    belief.write_features(planes, none)
    assert planes[0, 0].tolist() == [1.0] * 8
    assert planes[0, 1, 0] == pytest.approx(3.0 / 7.0)
    assert planes[0, 2, 0] == pytest.approx(2.0 / 4.0)
    assert planes[0, 3, 0] == pytest.approx(0.25 / world.course.test_day)
    assert planes[0, 3, 1] == pytest.approx(0.75 / world.course.test_day)
    assert not planes[0, 1:3, 1:].any()


def test_features_kept_up_to_date_are_those_made_afresh():
    world = made_world()
    simulation = Simulation(world, Counts(), np.arange(100), 1)
    for action in random_actions(world, 30, 100):
        simulation.step(action)
    belief = simulation.belief
    planes = np.empty((100, 4, 8), np.float32)
    belief.write_features(planes, np.empty((100, 0), np.float32))
    span = world.course.test_day
    np.testing.assert_allclose(planes[:, 1], belief.seen / (belief.seen + 4.0), rtol=1e-6)
    np.testing.assert_allclose(planes[:, 2], belief.right / (belief.tries + 1.0), rtol=1e-6)
    np.testing.assert_allclose(planes[:, 3], (belief.now[:, None] - belief.last) / span, atol=1e-6)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf"), "two", None])
def test_refuses_a_bad_prior(bad: object):
    with pytest.raises(InvalidInput, match="prior"):
        Counts(bad)  # type: ignore[arg-type]
