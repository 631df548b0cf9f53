"""Small worlds solved exactly: values that are published, values that simulation gives, bounds of one another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from curriculum_rl.batch import Float
from curriculum_rl.course import Course
from curriculum_rl.curriculum import Activity, Concept, Curriculum, Prerequisite
from curriculum_rl.envs.believed import Believed
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.evaluation import dynamic_programming
from curriculum_rl.evaluation.dynamic_programming import Process
from curriculum_rl.evaluation.optimum import TrueOptimum
from curriculum_rl.evaluation.rollout import choose, rollout
from curriculum_rl.policies.load import load_policy
from curriculum_rl.students.knowledge.tabular import Tabular
from curriculum_rl.students.memory.none import NoForgetting
from curriculum_rl.students.pace import Pace
from curriculum_rl.students.population import Population
from curriculum_rl.students.traits import Group
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World, load_world
from tests.worlds import made_world

EXACT = {  # gain in skills held: at random, round-robin, best
    2: (0.59625, 0.860, 1.085),
    4: (0.98587, 1.232, 1.41785),
}


def in_turn(process: Process) -> Float:
    """Round-robin over the activities, (T, 1, A)."""
    times, activities = process.after.shape
    return np.eye(activities)[np.arange(times) % activities][:, None, :]


@pytest.mark.parametrize("horizon", EXACT)
def test_the_published_values_come_out(horizon: int):
    process = Process.of(load_world(f"tms_horizon_{horizon}"))
    found = (process.values(np.array([0.5, 0.5])), process.values(in_turn(process)), process.best)
    np.testing.assert_allclose([process.gain(v) for v in found], EXACT[horizon], atol=1e-5)


@pytest.mark.parametrize("students", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("horizon", EXACT)
def test_students_gain_what_is_published(horizon: int, students: int):
    """By simulation, within 4 standard errors; of 100,000 students 3% less would be noticed, of 10,000 10%."""
    world = load_world(f"tms_horizon_{horizon}")
    players = (load_policy("random"), load_policy("round_robin"), TrueOptimum())
    for player, exact in zip(players, EXACT[horizon], strict=True):
        played = rollout(world, player, np.arange(students), seed=7, chunk=students)
        gain = played.mastery_gain / 50.0
        error = gain.std() / np.sqrt(students)
        assert abs(gain.mean() - exact) < 4.0 * error
        assert abs(gain.mean() - (0.97 if students == 100_000 else 0.9) * exact) > 4.0 * error
        assert played.decisions.max() == horizon


def tangled() -> World:
    """Everything that a process takes in: loss, several concepts, forms, prerequisites, groups, sessions, minutes."""
    states = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 1.0, 0.0), (1.0, 1.0, 1.0), (0.0, 1.0, 0.0))
    rng = np.random.default_rng(5)
    matrices = rng.dirichlet(np.ones(5) * 0.7, (4, 5)) * 0.6 + 0.4 * np.eye(5)
    activities = (
        Activity("a", "problem", {"x": 1.0}, "", 0.3, 1.0, 0.8),
        Activity("b", "problem", {"y": 1.0}, "", -0.5, 1.5, 1.0),
        Activity("c", "project", {"z": 0.6, "x": 0.4}, "", 0.0, 2.5, 1.4),
        Activity("d", "example", {"y": 0.5, "z": 0.5}, "", 0.0, 0.5, 0.5, answered=False),
    )
    curriculum = Curriculum(
        (Concept("x"), Concept("y"), Concept("z")),
        activities,
        (Prerequisite("x", "y", 0.5), Prerequisite("y", "z", 0.9)),
    )
    model = Tabular(
        states, (0.3, 0.3, 0.2, 0.0, 0.2), dict(zip("abcd", matrices.tolist(), strict=True)), (0.2,) * 3, (0.1,) * 3
    )
    groups = (Group("low", 0.7, ability_mean=-0.5, rate_mean=0.4), Group("high", 0.3, ability_mean=1.0, rate_mean=0.4))
    population = Population(model, NoForgetting(), Pace(0.0), groups, leak=0.2)
    return World("tangled", curriculum, population, Course((0.0, 3.0), 4.0, 1.0, 0.9))


def played(world: World, policy: Float, students: int) -> Float:
    """Skills gained by students whose activities are drawn from P(activity | time, state), (T, S, A)."""
    process = Process.of(world)
    simulation = Simulation(world, Counts(), np.arange(students), 3)
    before, rng = simulation.students.mastery.sum(axis=1), np.random.default_rng(1)
    gain = np.zeros(students)
    while len(simulation):
        at = simulation.students
        time = process.time_of(world, at.clock.session, at.clock.used)
        chosen = choose(policy[time, at.knowledge.state], rng.random(len(at)))
        happened = simulation.step(chosen)
        over = happened.terminated | happened.truncated
        gain[at.id[over]] = at.mastery.sum(axis=1)[over] - before[at.id[over]]
        simulation.keep(np.flatnonzero(~over))
    return gain


def test_what_a_policy_is_worth_is_what_its_students_gain():
    world = tangled()
    process = Process.of(world)
    times, activities = process.after.shape
    policy = np.random.default_rng(2).dirichlet(np.ones(activities), (times, len(process.worth)))
    gain, expected = played(world, policy, 20_000), process.gain(process.values(policy))
    error = gain.std() / np.sqrt(len(gain))
    assert error < 0.02 * expected
    assert abs(gain.mean() - expected) < 4.0 * error


def test_nothing_is_better_than_the_best_and_the_best_is_reached():
    world = tangled()
    process = Process.of(world)
    times, activities = process.after.shape
    rng = np.random.default_rng(3)
    some = [rng.dirichlet(np.ones(activities) * 0.1, (times, len(process.worth))) for _ in range(20)]
    assert all(np.all(process.values(policy) <= process.best + 1e-12) for policy in some)
    gain = rollout(world, TrueOptimum(), np.arange(20_000), seed=3, chunk=20_000).mastery_gain * 0.03
    error = gain.std() / np.sqrt(len(gain))
    assert abs(gain.mean() - process.gain(process.best)) < 4.0 * error


def test_who_sees_answers_alone_is_between_a_fixed_order_and_who_sees_the_state():
    process = Process.of(load_world("tms_horizon_4"))
    orders = np.stack(np.meshgrid(*[[0, 1]] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    fixed = max(process.gain(process.values(np.eye(2)[order][:, None, :])) for order in orders)
    assert fixed < process.best_seen() - 0.01
    assert process.best_seen() < process.gain(process.best) - 0.01


@pytest.mark.parametrize(
    ("right", "same_as"), [([[0.5] * 3] * 2, "fixed"), ([[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]], "sure")]
)
def test_answers_that_say_nothing_or_everything(right: Any, same_as: str):
    """With answers that say nothing a belief follows a fixed order; a sure one is a look at the skill."""
    process = replace(Process.of(load_world("tms_horizon_4")), right=np.array(right))
    if same_as == "fixed":
        orders = np.stack(np.meshgrid(*[[0, 1]] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
        expected = max(process.gain(process.values(np.eye(2)[order][:, None, :])) for order in orders)
    else:  # worked by hand: the first answer tells the start; then 0 until a right answer, which comes a step late
        expected = best_with_sure_answers(4)
    assert process.best_seen() == pytest.approx(expected, abs=1e-12)


def best_with_sure_answers(steps: int) -> float:
    """Activity 0 shows whether skill 0 was held before it, activity 1 whether both were: a chance is all there is."""

    def value(p: float, left: int) -> float:
        """Skills to gain where 10 has chance p and 00 the rest."""
        if left == 0:
            return 0.0
        first = p * value(1.0, left - 1) + (1 - p) * (0.6 + value(0.6, left - 1))
        # a wrong answer to activity 1 says nothing but "not both"; those whom it taught gain no more
        stay = 1 - 0.7 * p
        second = 0.7 * p + (stay * value(0.3 * p / stay, left - 1) if stay > 0 else 0.0)
        return max(first, second)

    return value(0.5, steps)


def test_a_gate_leaves_the_best_of_the_rest():
    world = load_world("tms_horizon_4")
    simulation = Simulation(world, Counts(), np.arange(50), 0, Believed(0.999))
    assert not simulation.mask()[:, 1].any()
    assert np.all(TrueOptimum().probabilities_knowing(simulation)[:, 0] == 1.0)
    simulation.gate = None
    holds = simulation.students.knowledge.state == 1
    np.testing.assert_array_equal(TrueOptimum().probabilities_knowing(simulation)[:, 1] == 1.0, holds)


def test_worlds_that_a_state_does_not_tell_are_refused(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(InvalidInput, match="must be Tabular"):
        Process.of(made_world("bkt"))
    with pytest.raises(InvalidInput) as caught:
        Process.of(made_world("tabular"))
    fields = {line.partition(" = ")[0] for line in caught.value.violations}
    assert fields >= {"memory", "pace.residual_sd", "goals", "groups[0].rate_sd", "groups[].rate_mean"}
    assert not TrueOptimum().fits(made_world("tabular"))
    monkeypatch.setattr(dynamic_programming, "MOST_BELIEFS", 100)
    with pytest.raises(InvalidInput, match="more than 100 beliefs"):
        Process.of(load_world("tms_tests")).best_seen()
