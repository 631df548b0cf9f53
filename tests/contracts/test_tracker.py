"""What every tracker in `configs/tracker` must do: it sees activity, answer and elapsed time, and nothing else."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np
import pytest

from curriculum_rl.batch import arrays
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Curriculum
from curriculum_rl.envs.simulation import Simulation, feature_names
from curriculum_rl.students.knowledge.concept_model import ConceptModel
from curriculum_rl.students.knowledge.knowledge import FilterParameters
from curriculum_rl.students.population import Population, Students
from curriculum_rl.students.traits import Traits
from curriculum_rl.trackers.tracker import Outlook
from tests.worlds import component, names, random_actions, world_named

TRACKERS = names("tracker")
WORLDS = ["bkt exponential", "irt exponential", "bkt with loss", "pack fractions"]
pytestmark = pytest.mark.parametrize("name", TRACKERS)
N = 40


def watched(name: str, world: str = WORLDS[0], steps: int = 12) -> Simulation:
    simulation = Simulation(world_named(world), component("tracker", name), np.arange(N), 5)
    for action in random_actions(simulation.world, steps, N):
        simulation.step(action)
    return simulation


def same(a: Any, b: Any) -> None:
    for field in dataclasses.fields(Outlook):
        np.testing.assert_array_equal(getattr(a, field.name), getattr(b, field.name), err_msg=field.name)


def inside(value: Any, seen: set[int]) -> list[Any]:
    """Everything that can be reached from a value through dataclasses, mappings and sequences."""
    if id(value) in seen or isinstance(value, (str, bytes, int, float, np.ndarray, np.generic)):
        return [value]
    seen.add(id(value))
    held: list[Any] = list(vars(value).values()) if hasattr(value, "__dict__") and not isinstance(value, type) else []
    if isinstance(value, dict):
        held += list(value.values())
    elif isinstance(value, (list, tuple, set)):
        held += list(value)
    return [value, *(x for item in held for x in inside(item, seen))]


@pytest.mark.parametrize("world", WORLDS)
def test_features_are_named_finite_and_within_the_observation_space(name: str, world: str):
    for steps in (0, 1, 25):
        simulation = watched(name, world, steps)
        features = simulation.view().features()
        named = feature_names(simulation.tracker, simulation.world.platform)
        assert features.dtype == np.float32
        assert features.shape == (N, len(named))
        assert len(set(named)) == len(named)
        assert np.all(np.abs(features) <= 1.0)


@pytest.mark.parametrize("world", WORLDS)
def test_the_outlook_holds_probabilities(name: str, world: str):
    simulation = watched(name, world)
    outlook = simulation.belief.outlook()
    for field in dataclasses.fields(Outlook):
        values = getattr(outlook, field.name)
        if values is None:
            continue
        assert values.shape == simulation.belief.goals.shape, field.name
        assert np.all((values >= 0.0) & (values <= 1.0)), field.name
    assert np.all(outlook.readiness >= simulation.world.population.leak)
    chance = simulation.belief.success()
    assert chance.shape == (N, len(simulation.world.curriculum.activities))
    assert np.all((chance > 0.0) & (chance < 1.0))


def test_a_belief_holds_nothing_of_the_hidden_students(name: str):
    simulation = watched(name)
    hidden = (Students, Population, Traits, ConceptModel)
    reachable = inside(simulation.belief, set())
    assert not [type(x).__name__ for x in reachable if isinstance(x, hidden)]
    assert any(isinstance(x, (Curriculum, Course, FilterParameters)) for x in reachable), "the walk reached nothing"
    memory = {id(array) for _, array in arrays(simulation.students)}
    shared = [n for n, a in arrays(simulation.belief) if id(a) in memory or id(a.base) in memory]
    assert not shared, "arrays of the belief are arrays of the students"


def test_what_is_hidden_can_change_without_the_belief_noticing(name: str):
    simulation = watched(name)
    belief = simulation.belief
    before, features = copy.deepcopy(belief.outlook()), simulation.view().features()
    for field, array in arrays(simulation.students):
        if not field.startswith("clock"):  # the platform knows what time it is
            array[:] = 1 if array.dtype == np.bool_ else 0
    same(before, belief.outlook())
    np.testing.assert_array_equal(features, simulation.view().features())


def test_the_same_events_make_the_same_belief(name: str):
    """A replay of a log, without any student, ends where the simulation did."""
    world = world_named(WORLDS[0])
    simulation = Simulation(world, component("tracker", name), np.arange(N), 5)
    replay = simulation.tracker.start(world.platform, simulation.belief.goals)
    for action in random_actions(world, 12, N):
        happened = simulation.step(action)
        replay.update(action, happened.correct, happened.elapsed)
    same(simulation.belief.outlook(), replay.outlook())


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_an_update_of_all_but_some_leaves_those_and_is_an_update_of_the_others(name: str, share: float):
    """To the last bit, of everything that is believed."""
    simulation, rng = watched(name), np.random.default_rng(4)
    before, belief = copy.deepcopy(simulation.belief), simulation.belief
    whole, idle = copy.deepcopy(before), rng.random(N) < share
    activity, correct, elapsed = rng.integers(0, 8, N), rng.random(N) < 0.5, rng.random(N)
    whole.update(activity, correct, elapsed)
    belief.update_but(np.flatnonzero(idle), activity, correct, elapsed)
    changed = 0
    for (field, now), (_, then), (_, all_) in zip(arrays(belief), arrays(before), arrays(whole), strict=True):
        assert now[idle].tobytes() == then[idle].tobytes(), field
        assert now[~idle].tobytes() == all_[~idle].tobytes(), field
        changed += now.tobytes() != then.tobytes()
    assert (changed > 3) == (share < 1.0)


def test_an_answer_that_nobody_gave_is_ignored(name: str):
    world = world_named(WORLDS[0])
    (unanswered,) = np.flatnonzero(~world.curriculum.answered)[:1]
    beliefs = [component("tracker", name).start(world.platform, np.ones((2, 8), bool)) for _ in range(2)]
    for belief, said in zip(beliefs, (True, False), strict=True):
        belief.update(np.full(2, unanswered), np.full(2, said), np.zeros(2))
    same(beliefs[0].outlook(), beliefs[1].outlook())
    assert beliefs[0].tries.sum() == 0
    assert beliefs[0].seen.sum() == 2


def test_right_answers_raise_what_is_believed_and_wrong_ones_lower_it(name: str):
    world = world_named("bkt none")
    activity = 1  # a medium problem on the first concept
    belief = component("tracker", name).start(world.platform, np.ones((2, 8), bool))
    start = belief.outlook().recall[:, 0].copy()
    for _ in range(3):
        belief.update(np.full(2, activity), np.array([True, False]), np.zeros(2))
    after = belief.outlook().recall[:, 0]
    assert after[0] > start[0]
    assert after[1] < after[0]


def test_only_the_practised_concepts_are_recorded(name: str):
    world = world_named(WORLDS[0])
    position = next(i for i, a in enumerate(world.curriculum.activities) if a.id == "pair")
    belief = component("tracker", name).start(world.platform, np.ones((1, 8), bool))
    belief.update(np.array([position]), np.array([True]), np.array([0.5]))
    for record in (belief.seen, belief.tries, belief.right):
        np.testing.assert_array_equal(record[0], [1, 0, 1, 0, 0, 0, 0, 0])
    belief.update(np.array([5]), np.array([False]), np.array([0.5]))  # a medium problem on the second concept
    np.testing.assert_array_equal(belief.seen[0], [1, 1, 1, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(belief.right[0], [1, 0, 1, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(belief.last[0], [0, 0.5, 0, 0, 0, 0, 0, 0])
    assert belief.now[0] == 1.0
    assert belief.steps[0] == 2
