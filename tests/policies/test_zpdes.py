"""Laws of ZPDES: the published update of the weights, the zone, and the spread over it."""

from __future__ import annotations

import numpy as np

from curriculum_rl.policies.zpdes import ZPDES
from curriculum_rl.trackers.progress import Progress
from tests.policies.views import watched
from tests.worlds import world_named


def test_values_follow_the_published_update():
    """w <- beta w + eta r, r the newer half's share of right answers minus the older half's, by hand."""
    world = world_named("bkt exponential")
    tracker = Progress(window=4, memory=0.6, rate=0.5, first=0.3)
    answers = np.random.default_rng(0).random((10, 5)) < 0.6
    belief = tracker.start(world.platform, np.ones((5, 8), dtype=np.bool_))
    given: list[list[int]] = [[0, 0, 0, 0] for _ in range(5)]
    value = [0.3] * 5
    for row in answers:
        belief.update(np.full(5, 1), row, np.zeros(5))
        for i, correct in enumerate(row):
            given[i].append(int(correct))
            older, newer = given[i][-4:-2], given[i][-2:]
            value[i] = 0.6 * value[i] + 0.5 * (sum(newer) / 2 - sum(older) / 2)
        np.testing.assert_allclose(belief.value[:, 0], value, atol=1e-12)
        np.testing.assert_allclose(belief.lately_right()[:, 0], [sum(g[-4:]) / 4 for g in given])
    assert np.all(belief.value[:, 1:] == 0.3)


def test_an_example_says_nothing_about_progress():
    world = world_named("bkt exponential")
    belief = Progress().start(world.platform, np.ones((2, 8), dtype=np.bool_))
    before = belief.value.copy(), belief.answers.copy()
    belief.update(np.full(2, 3), np.ones(2, dtype=np.bool_), np.zeros(2))
    np.testing.assert_array_equal(belief.value, before[0])
    np.testing.assert_array_equal(belief.answers, before[1])


def test_choices_are_spread_over_the_zone_by_value_and_a_share_evenly():
    world = world_named("bkt exponential")
    policy = ZPDES(explore=0.3, enter=0.5, leave=1.0)
    view = watched(world, policy, np.arange(200), 20).view()
    belief = view.belief
    chance = policy.probabilities(view)
    requires, right = world.curriculum.requires, belief.lately_right()
    outside = 0
    for i in range(len(chance)):
        zone = [
            k
            for k in np.flatnonzero(belief.goals[i])
            if right[i, k] < 1.0 and all(right[i, j] >= 0.5 for j in np.flatnonzero(requires[:, k]))
        ] or list(np.flatnonzero(belief.goals[i]))
        outside += len(zone) < belief.goals[i].sum()
        value = np.maximum(belief.value[i, zone], 0)
        expected = value / value.sum() if value.sum() > 0 else np.full(len(zone), 1 / len(zone))
        expected = 0.7 * expected + 0.3 / len(zone)
        medium = [4 * k + 1 for k in zone]  # four forms a concept, the problem second
        np.testing.assert_allclose(chance[i, medium], expected, atol=1e-12)
        assert abs(chance[i].sum() - 1) < 1e-12
    assert outside > 100
