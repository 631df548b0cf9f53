"""Laws of the zone of proximal development, and of chance among what is believed ready."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.policies.random_allowed import RandomAllowed
from curriculum_rl.policies.zone import Zone
from tests.policies.views import watched
from tests.worlds import world_named

WORLD = world_named("bkt exponential")


@pytest.mark.parametrize("target", [0.3, 0.7, 0.95])
def test_no_allowed_problem_on_a_goal_is_nearer_to_the_target(target: float):
    policy = Zone(target=target)
    view = watched(WORLD, policy, np.arange(100), 12).view()
    chosen = policy.probabilities(view).argmax(axis=1)
    success = view.belief.success()
    for i, choice in enumerate(chosen):
        far = {
            j: abs(success[i, j] - target)
            for j, activity in enumerate(WORLD.curriculum.activities)
            if activity.answered
            and any(view.belief.goals[i, WORLD.curriculum.concept_index[c]] for c in activity.loads)
        }
        assert choice in far
        assert far[choice] == min(far.values())


def test_chance_falls_on_goals_whose_prerequisites_are_believed():
    policy = RandomAllowed(believed=0.5)
    view = watched(WORLD, policy, np.arange(100), 12).view()
    chance, recall = policy.probabilities(view), view.belief.outlook().recall
    requires = WORLD.curriculum.requires
    for i in range(len(chance)):
        allowed = []
        for j, activity in enumerate(WORLD.curriculum.activities):
            members = [WORLD.curriculum.concept_index[c] for c in activity.loads]
            ready = all(1 - requires[p, k] * (1 - recall[i, p]) >= 0.5 for k in members for p in range(len(requires)))
            if ready and view.belief.goals[i, members].any():
                allowed.append(j)
        expected = np.zeros(chance.shape[1])
        expected[allowed] = 1 / len(allowed)
        np.testing.assert_allclose(chance[i], expected)
