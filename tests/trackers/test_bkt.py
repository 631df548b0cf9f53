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
from curriculum_rl.trackers.expected import expect
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


def several_concepts() -> tuple[World, np.ndarray]:
    """An activity that needs three concepts, beside one that needs two; P(known) and half-retention of each."""
    model = BKT(
        (0.6, 0.3, 0.8, 0.5), (0.2,) * 4, (0.0,) * 4, (0.2, 0.3, 0.1, 0.2), (0.1, 0.2, 0.15, 0.1), "conjunctive"
    )
    activities = (
        Activity("three", "project", {"c0": 0.5, "c2": 0.3, "c1": 0.2}, "", 0.4, 2.0, 0.0),
        Activity("two", "project", {"c3": 0.6, "c0": 0.4}, "", 0.0, 2.0, 0.0),
    )
    curriculum = Curriculum(tuple(Concept(f"c{k}") for k in range(4)), activities)
    return World("all", curriculum, Population(model, NoForgetting(), groups=(PEOPLE,)), Course()), np.array([0.0])


def summed(world: World, activity: int, right: bool, prior: np.ndarray) -> tuple[float, np.ndarray]:
    """P(answer), and P(known) of each concept after it, over all sets of known concepts; priors of the concepts."""
    model, task = world.population.knowledge, world.curriculum.activities[activity]
    index = world.curriculum.concept_index
    loads = [(index[c], share) for c, share in task.loads.items()]
    good = sum(w * expit(-logit(model.slip[k]) - task.difficulty) for k, w in loads)
    lucky = sum(w * expit(logit(model.guess[k]) - task.difficulty) for k, w in loads)
    total, known = 0.0, np.zeros(len(prior))
    for held in itertools.product((0, 1), repeat=len(prior)):
        p = np.prod(np.where(held, prior, 1.0 - prior))
        chance = good if all(held[k] for k, _ in loads) else lucky
        p *= chance if right else 1.0 - chance
        total, known = total + p, known + p * np.array(held)
    return total, known / total


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("activity", [0, 1])
@pytest.mark.parametrize("nodes", [1, 3])
def test_an_answer_that_needs_several_concepts_is_summed_over_all_of_them(right: bool, activity: int, nodes: int):
    world, elapsed = several_concepts()
    belief = BKTFilter(nodes).start(world.platform, np.ones((1, 4), bool))
    grid = belief.grid
    each = [summed(world, activity, right, grid.initial[:, node]) for node in range(len(grid.weight))]
    weight = grid.weight * np.array([chance for chance, _ in each])
    chance = weight.sum()
    np.testing.assert_allclose(
        grid.weight @ [summed(world, activity, True, g)[0] for g in grid.initial.T], chance if right else 1.0 - chance
    )
    belief.update(np.array([activity]), np.array([right]), elapsed)
    np.testing.assert_allclose(belief.weight[0], weight / chance, rtol=1e-12)
    np.testing.assert_allclose(belief.known[0].T, [known for _, known in each], rtol=1e-12)


def test_on_average_a_right_answer_comes_as_often_to_who_knows_one_concept_as_bayes_rule_says():
    """P(right | known) = P(known | right) P(right) / P(known), which is what lengthens half-lives on average."""
    world, elapsed = several_concepts()
    memory = world.platform.memory
    mean, right = (BKTFilter(1).start(world.platform, np.ones((1, 4), bool)) for _ in range(2))
    prior, before, chance = mean.known[0, :, 0].copy(), mean.half_life[0].copy(), mean.success()[0, 0]
    longer = memory.lengthened(before, np.ones(4))
    expect(mean, np.array([0]), elapsed)
    right.update(np.array([0]), np.array([True]), elapsed)
    often = right.known[0, :, 0] * chance / prior
    expected = np.where([True, True, True, False], 1.0 / (often / longer + (1.0 - often) / before), before)
    assert np.all(longer > before)
    np.testing.assert_allclose(mean.half_life[0], expected, rtol=1e-12)
    np.testing.assert_allclose(mean.right[0], [chance, chance, chance, 0.0])


def test_one_concept_of_two_kinds_is_one_belief():
    """Where no activity is on several concepts, that all are needed says nothing."""
    world = one_concept(0.05, concepts=3)
    model = replace(world.population.knowledge, items="conjunctive")
    needed = replace(world, population=replace(world.population, knowledge=model))
    simulations = [Simulation(w, BKTFilter(3), np.arange(50), 2) for w in (world, needed)]
    for action in random_actions(world, 20, 50):
        for simulation in simulations:
            simulation.step(action)
    first, second = (s.belief for s in simulations)
    np.testing.assert_allclose(first.known, second.known, rtol=1e-12)
    np.testing.assert_allclose(first.weight, second.weight, rtol=1e-12)
    np.testing.assert_array_equal(simulations[0].students.knowledge.known, simulations[1].students.knowledge.known)


def test_who_comes_back_after_the_test_is_believed_as_if_it_were_now():
    belief = BKTFilter(3).start(made_world().platform, np.ones((3, 8), dtype=np.bool_))
    for days in (1.0, 400.0, 0.5):
        belief.update(np.arange(3), np.array([True, False, True]), np.full(3, days))
    said = belief.outlook()
    assert belief.now.min() > belief.platform.course.test_day
    assert np.array_equal(said.at_test, said.recall)
    for chance in (said.fresh, said.refreshed, said.kept):
        assert np.array_equal(chance, np.ones((3, 8)))
