"""Laws of maximum information: what it counts is Fisher's, and what an answer is expected to settle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from curriculum_rl.policies.max_information import MaxInformation
from curriculum_rl.world import World
from tests.policies.views import watched
from tests.worlds import component, made_world, world_named

WORLD = world_named("bkt none")  # nothing is forgotten
IDS = np.arange(60)


def even_world(guess: float) -> World:
    """Guessing as likely as slipping, and medium problems alone: every activity has the same span."""
    world = made_world()
    count = len(world.curriculum.concepts)
    knowledge = replace(world.population.knowledge, guess=(guess,) * count, slip=(guess,) * count)  # type: ignore[type-var]
    problems = tuple(a for a in world.curriculum.activities if a.form == "problem")
    population = replace(world.population, knowledge=knowledge, memory=component("memory", "none"))
    return replace(world, curriculum=replace(world.curriculum, activities=problems), population=population)


def test_it_is_the_information_of_the_item_response_model_and_the_variance_that_an_answer_takes_away():
    policy = MaxInformation(a_minute=False)
    view = watched(WORLD, policy, IDS, 8).view()
    told, known = policy.scores(view), view.belief.outlook().stored
    guess, slip = WORLD.platform.filter.guess, WORLD.platform.filter.slip
    compared = 0
    for j, activity in enumerate(WORLD.curriculum.activities):
        if len(activity.loads) > 1 or not activity.answered:
            assert activity.answered or np.all(told[:, j] == 0)
            continue
        k = WORLD.curriculum.concept_index[next(iter(activity.loads))]
        c, d = expit(logit(guess[k]) - activity.difficulty), expit(-logit(slip[k]) - activity.difficulty)
        p, goal = known[:, k], view.belief.goals[:, k]
        right = c + (d - c) * p
        fisher = (right - c) ** 2 * (d - right) ** 2 / ((d - c) ** 2 * right * (1 - right))
        np.testing.assert_allclose(told[:, j], goal * fisher, rtol=1e-9)
        after = [(right, p * d / right), (1 - right, p * (1 - d) / (1 - right))]  # Bayes, answer by answer
        left = sum(chance * q * (1 - q) for chance, q in after)
        np.testing.assert_allclose(told[:, j], goal * (p * (1 - p) - left), rtol=1e-9, atol=1e-15)
        compared += 1
    assert compared == 24


@pytest.mark.parametrize("guess", [0.02, 0.25])
def test_of_equal_spans_the_chance_nearest_to_a_half_is_taken(guess: float):
    world, policy = even_world(guess), MaxInformation()
    for steps in (0, 12):
        view = watched(world, policy, IDS, steps).view()
        chosen = policy.probabilities(view).argmax(axis=1)
        far = np.abs(view.belief.success() - 0.5)
        far[~view.belief.goals[:, world.curriculum.loads[0][0]]] = np.inf
        np.testing.assert_allclose(far[np.arange(len(IDS)), chosen], far.min(axis=1), rtol=1e-9)
        assert len(set(chosen)) > 1


def test_minutes_count_if_told():
    view = watched(WORLD, MaxInformation(), IDS, 5).view()
    view = replace(view, session_left=np.full(len(IDS), 1000.0))
    told, rate = MaxInformation(a_minute=False).scores(view), MaxInformation().scores(view)
    np.testing.assert_allclose(rate * WORLD.curriculum.minutes, told)
