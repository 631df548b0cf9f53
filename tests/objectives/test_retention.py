"""Retention: scores at several delays, of which the world's own test is one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.retention import Retention
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from tests.worlds import WORLDS, made_world, random_actions, world_named

N = 48  # whole classes, where there are any


def played(name: str, steps: int = 15) -> Simulation:
    simulation = Simulation(world_named(name), Counts(), np.arange(N), 2)
    for action in random_actions(simulation.world, steps, N):
        simulation.step(action)
    return simulation


@pytest.mark.parametrize("name", WORLDS)
def test_at_the_worlds_own_delay_it_is_the_delayed_test(name: str):
    simulation = played(name)
    students, world = simulation.students, simulation.world
    one = Retention(delays=(world.course.test_days,), weights=(0.3,))
    np.testing.assert_allclose(one.potential(students, world), DelayedTest().potential(students, world), atol=1e-9)


@pytest.mark.parametrize("name", ["bkt exponential", "bkt power", "bkt fsrs"])
def test_the_later_the_test_the_less_is_left_and_weights_take_their_mean(name: str):
    simulation = played(name)
    students, world = simulation.students, simulation.world
    each = [Retention((d,), (1.0,)).potential(students, world) for d in (0.5, 5.0, 50.0)]
    assert np.all(each[0] >= each[1])
    assert np.all(each[1] >= each[2])
    assert each[0].mean() > each[2].mean() + 1.0
    mixed = Retention((0.5, 5.0, 50.0), (3.0, 0.0, 1.0)).potential(students, world)
    np.testing.assert_allclose(mixed, 0.75 * each[0] + 0.25 * each[2], atol=1e-9)
    np.testing.assert_array_equal(mixed, Retention((0.5, 5.0, 50.0), (6.0, 0.0, 2.0)).potential(students, world))


def test_without_forgetting_every_delay_is_the_same():
    simulation = played("bkt none")
    students, world = simulation.students, simulation.world
    near, far = (Retention((d,), (1.0,)).potential(students, world) for d in (0.0, 900.0))
    np.testing.assert_allclose(near, far, atol=1e-12)


def test_delays_count_from_the_last_session():
    world = made_world()
    later = replace(world, course=replace(world.course, test_days=30.0))
    simulation, moved = (Simulation(w, Counts(), np.arange(N), 2) for w in (world, later))
    objective = Retention((30.0,), (1.0,))
    np.testing.assert_array_equal(
        objective.potential(simulation.students, world), objective.potential(moved.students, later)
    )
    np.testing.assert_allclose(
        objective.potential(simulation.students, world), DelayedTest().potential(moved.students, later), atol=1e-9
    )


def test_bad_settings_are_all_named():
    with pytest.raises(InvalidInput) as caught:
        Retention(delays=(-1.0, 7.0), weights=(1.0,))
    assert caught.value.violations == [
        "delays[0] = -1.0: must be a finite number at least 0 and at most 100000.",
        "weights = [1.0]: must be as many as the delays, 2.",
    ]
    with pytest.raises(InvalidInput, match="must not sum to nothing"):
        Retention(weights=(0.0, 0.0, 0.0, 0.0))
    with pytest.raises(InvalidInput, match=r"delays = \[\]"):
        Retention(delays=(), weights=())
