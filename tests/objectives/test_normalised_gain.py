"""Normalised gain by hand."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.normalised_gain import NormalisedGain
from curriculum_rl.policies.random import Random
from curriculum_rl.trackers.counts import Counts
from tests.worlds import made_world, world_named


def test_it_is_the_share_of_failed_targets_that_are_passed_at_the_end():
    """In the knowledge-structure world: (end - start) / (full - start), in numbers of targets."""
    world = world_named("pack kss")
    simulation = Simulation(world, Counts(), np.arange(200), 5)
    goals = simulation.students.goals
    start = (simulation.students.mastery * goals).sum(axis=1)
    total = np.zeros(200)
    rng = np.random.default_rng(0)
    for _ in range(30):
        happened = simulation.step(rng.integers(0, 10, 200))
        total += NormalisedGain().reward(happened, simulation.students, world)
    end, full = (simulation.students.mastery * goals).sum(axis=1), goals.sum(axis=1)
    np.testing.assert_allclose(total, 100.0 * (end - start) / (full - start), atol=1e-9)
    np.testing.assert_allclose(total, NormalisedGain().potential(simulation.students, world), atol=1e-9)
    assert total.max() > 0.0
    played = rollout(world, Random(), np.arange(200), seed=5)
    before, after = played.mastery_before / 100.0, played.mastery_after / 100.0
    np.testing.assert_allclose(played.normalised_gain, 100.0 * (after - before) / (1.0 - before), atol=1e-9)


def test_who_had_nothing_to_learn_gains_nothing():
    world = made_world()
    students = world.students(1, np.arange(3))
    students.begun[:] = (1.0, 0.5, 0.0)
    assert NormalisedGain().scale(students).tolist() == [0.0, 2.0, 1.0]
    assert NormalisedGain().potential(students, world)[0] == 0.0


def test_what_is_lost_counts_below_nothing():
    world = made_world()
    students = world.students(1, np.arange(1))
    students.begun[:] = world.population.mean_mastery(students)
    lost = students.begun[0] / 2
    students.mastery *= 0.5
    expected = -100.0 * lost / (1.0 - students.begun[0])
    assert NormalisedGain().potential(students, world)[0] == pytest.approx(expected)
