"""The filter against all latent histories, added up one by one; and its beliefs against what really happens."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from curriculum_rl.course import Course
from curriculum_rl.curriculum import Activity, Concept, Curriculum
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.students.knowledge.bkt import BKT
from curriculum_rl.students.memory.none import NoForgetting
from curriculum_rl.students.population import Population
from curriculum_rl.students.traits import Group
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World
from tests.worlds import component, made_world, random_actions

TRIES = 8
PEOPLE = Group("all", ability_sd=1.1, rate_sd=0.8, correlation=0.4)


def one_concept(forget: float, concepts: int = 1) -> World:
    """Three problems and a worked example on each concept; nothing fades, nothing is needed."""
    forms = (
        ("easy", -1.0, 0.7, True),
        ("medium", 0.0, 1.0, True),
        ("hard", 1.0, 1.3, True),
        ("example", 0.0, 1.7, False),
    )
    curriculum = Curriculum(
        tuple(Concept(f"c{k}") for k in range(concepts)),
        tuple(
            Activity(f"c{k}-{form}", form, {f"c{k}": 1.0}, "", difficulty, 2.0, learning, answered)
            for k in range(concepts)
            for form, difficulty, learning, answered in forms
        ),
    )
    model = BKT(*((p,) * concepts for p in (0.35, 0.25, forget, 0.2, 0.12)))
    return World("one", curriculum, Population(model, NoForgetting(), groups=(PEOPLE,)), Course())


def enumerated(world: World, done: list[tuple[int, bool]], nodes: int) -> tuple[float, np.ndarray]:
    """P(known) after these answers, and of each node, by adding up every history of known and not known."""
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    total = np.zeros((nodes, nodes, 2))
    (model,) = [world.population.knowledge]
    for (i, a), (j, b) in itertools.product(enumerate(x), enumerate(x)):
        rate = 0.8 * (0.4 * a + np.sqrt(1 - 0.4**2) * b)
        first, learn = expit(logit(0.35) + 1.1 * a), expit(logit(0.25) + rate)
        for history in itertools.product((False, True), repeat=len(done) + 1):
            p = w[i] * w[j] * (first if history[0] else 1.0 - first)
            for (activity, right), before, after in zip(done, history, history[1:], strict=False):
                form = world.curriculum.activities[activity]
                chance = expit((logit(0.88) if before else logit(0.2)) - form.difficulty)
                if form.answered:
                    p *= chance if right else 1.0 - chance
                becomes = 1.0 - model.forget[0] if before else min(1.0, form.learning * learn)
                p *= becomes if after else 1.0 - becomes
            total[i, j, int(history[-1])] += p
    total /= total.sum()
    return float(total[:, :, 1].sum()), total.sum(axis=2).ravel()


@pytest.mark.parametrize("nodes", [1, 3])
@pytest.mark.parametrize("forget", [0.0, 0.1])
@pytest.mark.parametrize("seed", [0, 1])
def test_equal_to_the_sum_over_all_histories(nodes: int, forget: float, seed: int):
    world, rng = one_concept(forget), np.random.default_rng(seed)
    belief = BKTFilter(nodes).start(world.platform, np.ones((1, 1), bool))
    done: list[tuple[int, bool]] = []
    for _ in range(TRIES):
        done.append((int(rng.integers(0, 4)), bool(rng.random() < 0.6)))
        belief.update(np.array([done[-1][0]]), np.array([done[-1][1]]), np.array([0.01]))
        known, weights = enumerated(world, done, nodes)
        assert abs(belief.stored()[0, 0] - known) < 1e-12
        np.testing.assert_allclose(belief.weight[0], weights, atol=1e-12)


def test_an_error_of_five_percent_is_noticed():
    world = one_concept(0.0)
    platform = replace(world.platform, filter=replace(world.platform.filter, slip=1.05 * world.platform.filter.slip))
    belief = BKTFilter(3).start(platform, np.ones((1, 1), bool))
    belief.update(np.array([1]), np.array([True]), np.array([0.0]))
    assert abs(belief.stored()[0, 0] - enumerated(world, [(1, True)], 3)[0]) > 1e-4


@pytest.mark.parametrize(("nodes", "tolerance"), [(7, 0.004), (3, 0.02)])
def test_beliefs_are_calibrated_in_their_own_world(nodes: int, tolerance: float):
    """Of the answers believed right with probability p, p are: within 4.5 standard errors and the grid's own error."""
    world = one_concept(0.0, concepts=3)
    simulation = Simulation(world, BKTFilter(nodes), np.arange(6000), 2)
    believed, real = [], []
    for action in random_actions(world, 12, 6000):
        answered = world.curriculum.answered[action]
        chance = simulation.belief.success()[np.arange(6000), action]
        happened = simulation.step(action)
        believed.append(chance[answered])
        real.append(happened.correct[answered])
    p, y = np.concatenate(believed), np.concatenate(real)
    for low in np.arange(0.05, 0.95, 0.1):
        here = (p >= low) & (p < low + 0.1)
        if here.sum() >= 300:
            error = abs(p[here].mean() - y[here].mean())
            assert error < tolerance + 4.5 * np.sqrt(0.25 / here.sum()), f"between {low:.2f} and {low + 0.1:.2f}"


def test_the_grid_learns_who_the_student_is():
    """Believed ability correlates with the true one, the more, the more was seen; one node believes nothing of it."""
    world = one_concept(0.0, concepts=12)
    simulation = Simulation(world, BKTFilter(3), np.arange(2000), 2)
    correlations = []
    for action in random_actions(world, 40, 2000):
        simulation.step(action)
        believed = simulation.belief.weight @ simulation.belief.grid.scaled[:, 0]
        correlations.append(np.corrcoef(believed, simulation.students.traits.ability)[0, 1])
    assert correlations[-1] > 0.5
    assert correlations[-1] > correlations[3] > 0.05


def test_in_a_full_world_belief_and_truth_go_together():
    """Prerequisites and forgetting enter by means: still, mean recall is believed within .03."""
    world = made_world("bkt", "exponential")
    simulation = Simulation(world, component("tracker", "bkt_grid"), np.arange(4000), 2)
    for action in random_actions(world, 20, 4000):
        simulation.step(action)
    believed, real = simulation.belief.outlook().recall, world.population.recall_now(simulation.students)
    assert np.abs(believed.mean(axis=0) - real.mean(axis=0)).max() < 0.03
    assert np.corrcoef(believed.ravel(), real.ravel())[0, 1] > 0.5


def test_weights_stay_a_distribution():
    world = one_concept(0.0, concepts=4)
    simulation = Simulation(world, BKTFilter(5), np.arange(200), 2)
    for action in random_actions(world, 200, 200):
        simulation.step(action)
    belief = simulation.belief
    np.testing.assert_allclose(belief.weight.sum(axis=1), 1.0)
    assert np.all((belief.known >= 0.0) & (belief.known <= 1.0 + 1e-12))


@pytest.mark.parametrize("nodes", [0, 10, 1.5, float("nan"), "three", None])
def test_refuses_other_numbers_of_nodes(nodes: object):
    with pytest.raises(InvalidInput, match="nodes"):
        BKTFilter(nodes)  # type: ignore[arg-type]
