"""From a concept to an activity: the form asked for, the nearest difficulty, and what a mask leaves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.policies.lesson import Lesson
from curriculum_rl.policies.round_robin import RoundRobin
from curriculum_rl.world import World
from tests.policies.views import watched
from tests.worlds import world_named

IDS = np.arange(6)


@pytest.fixture
def world() -> World:
    return world_named("bkt exponential")


@pytest.mark.parametrize(("difficulty", "form"), [(-1.0, "easy problem"), (0.2, "problem"), (3.0, "hard problem")])
def test_the_problem_nearest_to_the_difficulty_is_taken(world: World, difficulty: float, form: str):
    view = watched(world, RoundRobin(), IDS, 3).view()
    activity = Lesson(difficulty).activities(view, np.full(view.belief.goals.shape, 0.5))
    chosen = [world.curriculum.activities[a] for a in activity[0]]
    assert [a.form for a in chosen] == [form] * len(chosen)
    assert [list(a.loads) for a in chosen] == [[c.id] for c in world.curriculum.concepts]


def test_an_example_comes_while_little_is_known(world: World):
    view = watched(world, RoundRobin(), IDS, 3).view()
    known = np.tile(np.linspace(0.0, 0.99, 8), (len(IDS), 1))
    activity = Lesson(0.0, example_below=0.6).activities(view, known)
    np.testing.assert_array_equal(world.curriculum.answered[activity], known >= 0.6)


def test_a_mask_leaves_the_next_best_of_the_same_concept(world: World):
    view = watched(world, RoundRobin(), IDS, 3).view()
    forms = np.array([a.form for a in world.curriculum.activities])
    known = np.full(view.belief.goals.shape, 0.5)
    no_medium = replace(view, mask=view.mask & (forms != "problem"))
    chosen = Lesson(-0.1).activities(no_medium, known)
    assert set(forms[chosen].ravel()) == {"easy problem"}
    examples = replace(view, mask=view.mask & (forms == "worked example"))
    assert set(forms[Lesson(0.0).activities(examples, known)].ravel()) == {"worked example"}


def test_the_best_concept_that_has_anything_allowed_is_taken(world: World):
    view = watched(world, RoundRobin(), IDS, 3).view()
    concepts, shares = world.curriculum.loads
    practises_two = ((concepts == 2) & (shares > 0)).any(axis=0)
    view = replace(view, mask=view.mask & ~practises_two)
    priority = np.tile(np.array([0.0, 1, 9, 8, 2, 3, 4, 5]), (len(IDS), 1))
    chance = Lesson().probabilities(view, priority, np.full(priority.shape, 0.5))
    chosen = world.curriculum.activities[chance.argmax(axis=1)[0]]
    assert list(chosen.loads) == ["c3"]
