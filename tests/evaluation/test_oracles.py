"""Bounds: what they are told is true, they are told apart from policies, and they are above them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from curriculum_rl.batch import arrays, take_rows
from curriculum_rl.controls import CONTROLS
from curriculum_rl.envs.believed import Believed
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.envs.truth import true_outlook, true_value
from curriculum_rl.evaluation.bounds import Choosy, bound_names, bounds_for, load_bound
from curriculum_rl.evaluation.oracles import NO_CREDIT, prospects
from curriculum_rl.evaluation.outcomes import Outcomes
from curriculum_rl.evaluation.rollout import Privileged, rollout
from curriculum_rl.policies.greedy_credit import GreedyCredit
from curriculum_rl.policies.load import load_policy
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world
from tests.paths import actions_of
from tests.worlds import names, world_named

WORLDS = ["bkt exponential", "afm exponential", "irt exponential", "bkt power", "bkt with loss"]
IDS = np.arange(40)
FREE = [name for name in bound_names() if not isinstance(load_bound(name), Choosy)]
"""Bounds that can be played in every world."""


def taught(name: str, ids: np.ndarray, steps: int = 8) -> Simulation:
    simulation = Simulation(world_named(name), BKTFilter(), ids, 3)
    for step in range(steps):
        simulation.step(actions_of(simulation.world, ids, step))
    return simulation


def test_bounds_are_privileged_and_played_where_they_can_be():
    assert all(isinstance(load_bound(name), Privileged) for name in bound_names())
    assert set(bounds_for(world_named("bkt exponential"))) == set(FREE)
    small = load_world("tms_horizon_4")
    assert set(bounds_for(small)) == {*FREE, "true_optimum"}
    assert list(bounds_for(small, ("true_beam", "true_greedy"))) == ["true_beam", "true_greedy"]
    with pytest.raises(InvalidInput) as caught:
        bounds_for(world_named("bkt exponential"), ("true_greedy", "true_optimum", "true_bean"))
    assert [line.split(":")[0] for line in caught.value.violations] == [
        "privileged[1] = 'true_optimum'",
        "privileged[2] = 'true_bean'",
    ]
    with pytest.raises(InvalidInput, match="true_greedy"):
        load_bound("true_greedi")


@pytest.mark.parametrize("policy", names("policy"))
def test_no_policy_is_shown_the_true_state(policy: str):
    assert not isinstance(load_policy(policy), Privileged)


@pytest.mark.parametrize("oracle", FREE)
@pytest.mark.parametrize("world", WORLDS)
def test_bounds_choose_what_is_allowed_and_change_nothing(oracle: str, world: str):
    simulation = taught(world, IDS)
    simulation.gate = Believed(0.4)
    before = {key: array.copy() for key, array in arrays(simulation.students)}
    chance = load_bound(oracle).probabilities_knowing(simulation)
    np.testing.assert_allclose(chance.sum(axis=1), 1.0)
    assert np.all(chance[~simulation.mask()] == 0)
    for key, array in arrays(simulation.students):
        np.testing.assert_array_equal(array, before[key], err_msg=key)


@pytest.mark.parametrize("oracle", bound_names())
def test_bounds_end_nothing_and_play_as_where_nothing_can_be_ended(oracle: str):
    world = world_named("bkt exponential") if oracle in FREE else load_world("tms_horizon_4")
    stops = dataclasses.replace(world, controls=CONTROLS)
    plain, played = (rollout(w, load_bound(oracle), IDS[:6], seed=4) for w in (world, stops))
    np.testing.assert_array_equal(played.delayed_test, plain.delayed_test)
    np.testing.assert_array_equal(played.forms, np.pad(plain.forms, ((0, 0), (0, 2))))


@pytest.mark.parametrize("oracle", FREE)
def test_bounds_do_not_depend_on_the_batch(oracle: str):
    world = world_named("bkt exponential")
    first, again = (rollout(world, load_bound(oracle), IDS[:12], seed=4, chunk=c) for c in (12, 5))
    for field in dataclasses.fields(Outcomes):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(again, field.name), err_msg=field.name)


@pytest.mark.parametrize("world", WORLDS)
def test_the_true_outlook_is_what_the_students_say(world: str):
    simulation = taught(world, IDS)
    students, population = simulation.students, simulation.world.population
    outlook = true_outlook(simulation.world, students)
    np.testing.assert_allclose(outlook.recall, population.recall_now(students))
    # The score that these parts add up to, against the population's own.
    score = population.knowledge.score(np.arange(8), np.zeros(8)) * students.goal_share
    total = 100 * score.sum(axis=1) + (true_value(simulation.world, students) * outlook.at_test).sum(axis=1)
    np.testing.assert_allclose(total, 100 * population.expected_score(students))


@pytest.mark.slow
def test_points_are_the_mean_rise_over_many_futures():
    """For three students and every activity on one concept: 20,000 futures each, all 96 within 4.5 standard errors."""
    count = 20_000
    simulation = taught("bkt exponential", np.arange(3))
    world, students = simulation.world, simulation.students
    expected, _ = prospects(world, students, NO_CREDIT)
    for i in range(len(students)):
        for a in range(32):
            copies = take_rows(students, np.full(count, i))
            rng = np.random.default_rng(1000 * i + a)
            copies.life.a[:], copies.life.b[:] = rng.integers(0, 2**63, (2, count), dtype=np.uint64)
            before = 100 * world.population.expected_score(copies)
            world.dynamics.step(copies, np.full(count, a))
            rise = 100 * world.population.expected_score(copies) - before
            assert abs(rise.mean() - expected[i, a]) <= 4.5 * rise.std() / np.sqrt(count) + 1e-9


def test_the_truth_is_worth_knowing():
    """Greedy with credit on the true state against the same on a belief, paired over 300 students."""
    world = world_named("bkt exponential")
    ids = np.arange(1000, 1300)
    gap = rollout(world, load_bound("true_greedy_credit"), ids).gain - rollout(world, GreedyCredit(), ids).gain
    assert gap.mean() > 4 * gap.std() / np.sqrt(300)
