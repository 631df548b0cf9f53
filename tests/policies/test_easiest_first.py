"""Laws of easiest first: nothing easier was left, and what is mastered waits."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.policies.easiest_first import EasiestFirst
from tests.policies.views import watched
from tests.worlds import world_named

WORLD = world_named("bkt exponential")


@pytest.mark.parametrize("believed", [0.3, 0.6, 0.95])
def test_nothing_that_is_not_mastered_would_be_easier(believed: float):
    policy, done = EasiestFirst(believed), 0
    view = watched(WORLD, policy, np.arange(200), 15).view()
    chosen, success = policy.probabilities(view).argmax(axis=1), view.belief.success()
    stored, goals, index = view.belief.outlook().stored, view.belief.goals, WORLD.curriculum.concept_index
    for i, choice in enumerate(chosen):
        left = goals[i] & (stored[i] < believed)
        wanted = left if left.any() else goals[i]
        easy = {
            j: success[i, j]
            for j, activity in enumerate(WORLD.curriculum.activities)
            if activity.answered and any(wanted[index[c]] for c in activity.loads)
        }
        assert easy[choice] == max(easy.values())
        done += not left.any()
    assert believed > 0.3 or done > 5
