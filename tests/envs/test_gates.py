"""The gate of worlds in which only a neighbour of the last activity teaches, told from events alone."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.envs.neighbours import Neighbours
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world
from tests.worlds import component, made_world, names, random_actions, world_named

WORLDS = ("kss exponential", "pack kss")


@pytest.mark.parametrize("tracker", names("tracker"))
def test_every_tracker_knows_what_was_last_in_reach(tracker: str):
    """Whatever is proposed: what is ignored without a word does not count."""
    world = world_named("pack kss")
    simulation = Simulation(world, component("tracker", tracker), np.arange(60), 5)
    for action in (*random_actions(world, 25, 60), None):
        np.testing.assert_array_equal(simulation.belief.previous, simulation.students.knowledge.last)
        if action is not None:
            simulation.step(action)


@pytest.mark.parametrize("name", WORLDS)
def test_it_opens_what_would_teach_and_nothing_else(name: str):
    """Of each activity, tried by a copy of every student."""
    world = world_named(name)
    simulation = Simulation(world, Counts(), np.arange(40), 5, gate=Neighbours())
    concept = world.curriculum.loads[0][0]
    for action in random_actions(world, 12, 40):
        mask = simulation.mask()
        assert mask.any(axis=1).all()
        last = simulation.students.knowledge.last.copy()
        simulation.step(np.where(mask[np.arange(40), action], action, mask.argmax(axis=1)))
        assert (simulation.students.knowledge.last >= 0).all()
        follows = world.platform.follows
        assert follows is not None
        for lane in range(40):
            open_ = np.flatnonzero(mask[lane])
            expected = np.arange(len(concept)) if last[lane] < 0 else np.flatnonzero(follows[last[lane]][concept])
            np.testing.assert_array_equal(open_, expected)


def test_a_masked_lesson_would_have_taught_nothing():
    world = load_world("kss")
    simulation = Simulation(world, Counts(), np.arange(200), 5, gate=Neighbours())
    mask, level = simulation.mask(), simulation.students.knowledge.level.copy()
    shut = np.array([np.random.default_rng(i).choice(np.flatnonzero(~row)) for i, row in enumerate(mask)])
    happened = simulation.step(shut)
    assert (simulation.students.knowledge.level == level).all()
    assert (happened.minutes == 1.0).all(), "a step is spent"


def test_it_is_refused_where_everything_can_follow_everything():
    with pytest.raises(InvalidInput, match="nothing to mask"):
        Simulation(made_world(), Counts(), np.arange(2), 5, gate=Neighbours())


def test_elsewhere_the_previous_activity_is_the_last_one():
    world = made_world()
    simulation = Simulation(world, Counts(), np.arange(20), 5)
    assert (simulation.belief.previous == -1).all()
    for action in random_actions(world, 5, 20):
        simulation.step(action)
        np.testing.assert_array_equal(simulation.belief.previous, action)
