"""The beam search: the optimum where it can reach it, and never more than it is told."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.batch import arrays
from curriculum_rl.course import Course
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.evaluation.beam import TrueBeam
from curriculum_rl.evaluation.bounds import load_bound
from curriculum_rl.evaluation.optimum import TrueOptimum
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.students.memory.none import NoForgetting
from curriculum_rl.students.pace import Pace
from curriculum_rl.students.population import Goals, Population
from curriculum_rl.students.traits import Group
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World, load_world
from tests.worlds import curriculum, knowledge_model, world_named

IDS = np.arange(12)


def lucky_for_nobody(minutes: float = 9.0) -> World:
    """Ability grows with practice, surely; three concepts, one needing another; nothing is forgotten."""
    groups = (Group("all", ability_sd=1.0, rate_sd=0.3),)
    population = Population(knowledge_model("irt", 3, 0.3), NoForgetting(), Pace(0.0), groups, Goals(0.4), leak=0.05)
    return World("sure", curriculum(3), population, Course((0.0,), minutes, 1.0, 1.0))


def exhaustive(world: World, student: int, length: int) -> tuple[float, set[int]]:
    """The highest score after any sequence of activities to the end of the course, and what such begin with."""
    plans = np.array(list(itertools.product(range(len(world.curriculum.activities)), repeat=length)))
    lanes = world.students(0, np.full(len(plans), student))
    score, over = np.zeros(len(plans)), np.zeros(len(plans), dtype=bool)
    for activity in plans.T:
        happened = world.dynamics.step(lanes, activity)
        score = np.where(over, score, 100.0 * world.population.expected_score(lanes))
        over |= happened.over
    assert over.all()
    best = float(score.max())
    return best, set(plans[score > best - 1e-9, 0].tolist())


def test_where_nothing_is_left_to_luck_it_is_an_exhaustive_search():
    """At its full width, for students one by one, to the end of a course of two activities or three."""
    world, students = lucky_for_nobody(4.0), np.arange(4)
    beam = TrueBeam(width=10_000)
    played = rollout(world, beam, students, seed=0)
    for student in students:
        best, firsts = exhaustive(world, int(student), 3)
        simulation = Simulation(world, Counts(), np.array([student]), 0)
        assert int(beam.probabilities_knowing(simulation).argmax()) in firsts
        assert played.delayed_test[student] == pytest.approx(best, abs=1e-9)


def test_a_wider_beam_finds_no_less():
    world = lucky_for_nobody(12.0)
    gains = [rollout(world, TrueBeam(width=w), np.arange(8), seed=0).gain.mean() for w in (1, 6, 30)]
    assert gains[0] <= gains[1] + 1e-9
    assert gains[1] <= gains[2] + 1e-9
    assert gains[2] > gains[0]


def test_it_reaches_the_exact_optimum_where_this_is_known():
    """Student by student in the binary world: with copies enough, the beam does what the best policy does."""
    world = load_world("tms_horizon_4")
    beam, best = (rollout(world, p, np.arange(200), seed=2) for p in (TrueBeam(16, 8), TrueOptimum()))
    np.testing.assert_array_equal(beam.mastery_gain, best.mastery_gain)


def test_it_sees_steps_that_no_recall_shows_yet():
    """In the knowledge-structure world nothing is passed for long; progress leads the way."""
    world = load_world("kss_10")
    seen, blind = (rollout(world, TrueBeam(4, weight=w), np.arange(12), seed=0) for w in (0.01, 0.0))
    assert seen.mastery_gain.mean() > 1.2 * blind.mastery_gain.mean()


def test_it_is_for_short_courses():
    assert TrueBeam().fits(load_world("kss_30"))
    assert not TrueBeam().fits(world_named("pack fractions"))
    for name in ("width", "copies"):
        with pytest.raises(InvalidInput, match=name):
            TrueBeam(**{name: 0})
    with pytest.raises(InvalidInput, match="weight"):
        TrueBeam(weight=float("nan"))


@pytest.mark.parametrize("name", ["tms_horizon_4", "kss_10"])
def test_it_changes_nothing_and_does_not_depend_on_the_batch(name: str):
    world, beam = load_world(name), replace(load_bound("true_beam"), width=3, copies=2)  # type: ignore[type-var]
    simulation = Simulation(world, Counts(), IDS, 0)
    before = {key: array.copy() for key, array in arrays(simulation.students)}
    chance = beam.probabilities_knowing(simulation)
    np.testing.assert_array_equal(chance.sum(axis=1), 1.0)
    for key, array in arrays(simulation.students):
        np.testing.assert_array_equal(array, before[key], err_msg=key)
    alone = [Simulation(world, Counts(), IDS[i : i + 1], 0) for i in range(len(IDS))]
    np.testing.assert_array_equal(chance, np.concatenate([beam.probabilities_knowing(s) for s in alone]))


def test_only_what_is_allowed_is_done_first():
    world = load_world("kss_10")
    simulation = Simulation(world, Counts(), IDS, 0)
    allowed = np.zeros((len(IDS), 10), dtype=np.bool_)
    allowed[np.arange(len(IDS)), IDS % 10] = True
    simulation.mask = lambda: allowed  # type: ignore[method-assign]
    np.testing.assert_array_equal(TrueBeam(8).probabilities_knowing(simulation) > 0, allowed)


def test_the_future_is_not_peeked_at():
    """Other luck to come changes no choice: the copies have luck of their own."""
    world = load_world("tms_horizon_4")
    simulation = Simulation(world, Counts(), np.arange(200), 0)
    before = TrueBeam(16, 2).probabilities_knowing(simulation)
    simulation.students.life.a[:] += np.uint64(12345)
    np.testing.assert_array_equal(before, TrueBeam(16, 2).probabilities_knowing(simulation))
