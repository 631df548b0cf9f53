"""Where the belief alone tells the time, it goes on after the course: whoever comes back is seen as at its end."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.envs.by_belief import view_by_belief
from curriculum_rl.envs.simulation import TIME_FEATURES
from tests.worlds import CONCEPTS, component, made_world, names


@pytest.mark.parametrize("tracker", names("tracker"))
def test_a_year_later_no_time_is_left_and_every_number_is_one(tracker: str):
    platform = made_world().platform
    belief = component("tracker", tracker).start(platform, np.ones((2, CONCEPTS), dtype=np.bool_))
    for days in (0.01, 365.0, 0.01):
        belief.update(np.arange(2), np.array([True, False]), np.full(2, days))
    mask = np.ones((2, len(platform.curriculum.activities)), dtype=np.bool_)
    features = view_by_belief(belief, np.arange(2), mask, 0.0).features()
    assert np.isfinite(features).all()
    assert np.array_equal(features[:, -len(TIME_FEATURES) :], np.zeros((2, len(TIME_FEATURES))))
    outlook = belief.outlook()
    for name, chance in vars(outlook).items():
        assert chance is None or (chance.min() >= 0.0 and chance.max() <= 1.0 + 1e-9), name
