"""Laws of the recall threshold, on a belief and on the truth."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.batch import Float
from curriculum_rl.evaluation.oracles import TrueRecallThreshold
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.mean_recall import MeanRecall
from curriculum_rl.policies.recall_threshold import RecallThreshold
from curriculum_rl.world import load_world
from tests.policies.backwards import backwards
from tests.policies.views import watched
from tests.worlds import world_named

WORLD = backwards(world_named("bkt exponential"))
IDS = np.arange(150)


@pytest.mark.parametrize("nearest", [True, False])
@pytest.mark.parametrize("threshold", [0.2, 0.6, 0.9])
def test_what_fell_under_the_threshold_comes_first_then_something_new(threshold: float, nearest: bool):
    policy, kinds = RecallThreshold(threshold, nearest), [0, 0, 0]
    for steps in (0, 6, 25):
        view = watched(WORLD, policy, IDS, steps).view()
        chosen = policy.probabilities(view).argmax(axis=1)
        belief, recall = view.belief, view.belief.outlook().recall
        for i, activity in enumerate(chosen):
            k = WORLD.curriculum.loads[0][0, activity]
            goal, new = belief.goals[i], belief.seen[i] == 0
            due = goal & ~new & (recall[i] < threshold)
            if due.any():
                assert due[k]
                assert recall[i, k] == (recall[i][due].max() if nearest else recall[i][due].min())
                kinds[0] += 1
            elif (goal & new).any():
                assert k == next(c for c in WORLD.curriculum.order if goal[c] and new[c])
                kinds[1] += 1
            else:
                assert recall[i, k] == recall[i][goal].min()
                kinds[2] += 1
    assert kinds[0] > 20
    assert kinds[1] > 20
    assert threshold > 0.2 or kinds[2] > 20


@pytest.mark.parametrize("threshold", [0.4, 0.7])
def test_the_truth_is_taken_nearest_to_the_threshold_on_either_side(threshold: float):
    policy, above = TrueRecallThreshold(threshold), 0
    simulation = watched(world_named("afm exponential"), policy, IDS, 15)
    chosen = policy.probabilities_knowing(simulation).argmax(axis=1)
    recall = simulation.world.population.recall_now(simulation.students)
    for i, activity in enumerate(chosen):
        k = simulation.world.curriculum.loads[0][0, activity]
        goals = np.flatnonzero(simulation.students.goals[i])
        far = np.abs(recall[i] - threshold)
        assert k in goals
        assert far[k] == far[goals].min()
        above += recall[i, k] > threshold
    assert 10 < above < 140


@pytest.mark.slow
def test_the_known_figure_of_the_exponential_review_world():
    """Reddy, Levine & Dragan's threshold, the best of some: 41.1 points of mean recall over 100 decks of others."""
    world, decks = load_world("review-efc"), 200

    def score(threshold: float) -> Float:
        return rollout(world, TrueRecallThreshold(threshold), decks, objective=MeanRecall()).mean_reward

    found = max((score(t) for t in (0.2, 0.25, 0.3)), key=np.mean)
    assert abs(found.mean() - 41.1) < 4 * found.std() * np.sqrt(1 / decks + 1 / 100)
    assert score(0.5).mean() < found.mean() - 10
