"""What every objective in `configs/objective` must do; most reward differences of a potential that practice moves."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.batch import Float, Int, arrays
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.envs.truth import Truth
from curriculum_rl.evaluation.rollout import OUTCOMES, rollout
from curriculum_rl.objectives.objective import Adaptive, Objective, Potential, Scaled
from curriculum_rl.policies.random import Random
from curriculum_rl.trackers.counts import Counts
from tests.worlds import WORLDS, component, names, random_actions, whole, world_named

OBJECTIVES = names("objective")
N = 48  # whole classes, where there are any
PAIRS = [(o, w) for o in OBJECTIVES for w in WORLDS if not component("objective", o).refusals(world_named(w))]
POTENTIALS = [o for o in OBJECTIVES if isinstance(component("objective", o), Potential)]
POTENTIAL_PAIRS = [(o, w) for o, w in PAIRS if o in POTENTIALS]


def begun(world: str, students: int = N) -> Simulation:
    """At least so many students at the start of their course, in whole classes."""
    made = world_named(world)
    return Simulation(made, Counts(), np.arange(whole(made, students)), 5)


def rewarded(objective: Objective, simulation: Simulation, action: Int) -> Float:
    """The reward of one step."""
    before = objective.before(simulation.students, simulation.world)
    return objective.reward(simulation.step(action), simulation.students, simulation.world, before)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_its_outcome_is_what_a_course_adds_up_to(name: str):
    """In all, or at a decision, on average; less what there was at the start, which no policy can change."""
    objective = component("objective", name)
    world = world_named("bkt exponential" if (name, "bkt exponential") in PAIRS else "pack classroom")
    assert objective.outcome in OUTCOMES
    ids = np.arange(whole(world, N))
    played = rollout(world, Random(), ids, seed=5, objective=objective)
    total = played.reward / played.decisions if objective.outcome == "mean_reward" else played.reward
    start = 0.0
    if objective.outcome == "engagement_kept":
        mood = world.students(5, ids).inner.mood
        assert mood is not None
        start = 100.0 * mood.level
    np.testing.assert_allclose(getattr(played, objective.outcome) - start, total, atol=1e-8)
    assert np.any(total != 0.0)
    if not isinstance(objective, Adaptive):
        np.testing.assert_array_equal(played.measured, played.reward)
    nothing = rollout(world, Random(), ids, seed=5)
    assert np.all(nothing.reward == 0.0)
    assert np.all(nothing.measured == 0.0)


@pytest.mark.parametrize(("name", "world"), PAIRS)
def test_rewards_depend_on_the_student_alone(name: str, world: str):
    """Each is what it would be in another batch, to the last bit, and nothing of the students is changed by it."""
    made, objective = world_named(world), component("objective", name)
    count = whole(made, N)
    ids, actions = np.arange(count), random_actions(made, 6, count)

    def paid(first: int) -> Float:
        simulation = Simulation(made, Counts(), ids[first:], 5)
        found = []
        for action in actions[:, first:]:
            found.append(rewarded(objective, simulation, action))
            assert np.all(np.isfinite(found[-1]))
            assert found[-1].shape == (count - first,)
        plain = Simulation(made, Counts(), ids[first:], 5)
        for action in actions[:, first:]:
            plain.step(action)
        pairs = zip(arrays(simulation.students), arrays(plain.students), strict=True)
        assert all(np.array_equal(a, b) for (_, a), (_, b) in pairs)
        return np.stack(found)

    first = (N // 2) // made.class_size * made.class_size
    np.testing.assert_array_equal(paid(0)[:, first:], paid(first))


@pytest.mark.parametrize(("name", "world"), POTENTIAL_PAIRS)
def test_rewards_add_up_to_what_was_gained(name: str, world: str):
    objective, simulation = component("objective", name), begun(world)
    world_ = simulation.world
    first, total = objective.potential(simulation.students, world_), np.zeros(len(simulation))
    for action in random_actions(simulation.world, 40, len(simulation)):
        before = objective.potential(simulation.students, world_)
        reward = rewarded(objective, simulation, action)
        after = objective.potential(simulation.students, world_)
        np.testing.assert_allclose(reward, after - before, atol=1e-9)
        total += reward
    np.testing.assert_allclose(total, after - first, atol=1e-8)
    mastered = simulation.students.begun
    lost = 100.0 * mastered * objective.scale(simulation.students) if isinstance(objective, Scaled) else 0.0
    assert np.all((after >= -lost - 1e-9) & (after <= 100.0 + 1e-9))
    full = (first > 99.9999) | (mastered > 0.999999) | (after < 1e-3)  # or it is all forgotten, whatever is done
    assert np.all(total != 0.0) or total.std() > 0.0 or full.all(), "there was something to gain"


@pytest.mark.parametrize(("name", "world"), POTENTIAL_PAIRS)
def test_time_alone_changes_nothing(name: str, world: str):
    objective, simulation = component("objective", name), begun(world)
    for action in random_actions(simulation.world, 5, len(simulation)):
        simulation.step(action)
    before = objective.potential(simulation.students, simulation.world)
    simulation.students.clock.now += 10.0
    np.testing.assert_array_equal(before, objective.potential(simulation.students, simulation.world))


def apart(world: str) -> bool:
    """Whether not everything is everyone's goal, and what is none cannot lift what is one."""
    made = world_named(world)
    return not made.population.knowledge.wide and not made.students(5, np.arange(N)).goals.all()


@pytest.mark.parametrize(("name", "world"), [(o, w) for o, w in POTENTIAL_PAIRS if apart(w)])
def test_what_is_no_goal_earns_nothing(name: str, world: str):
    objective, simulation = component("objective", name), begun(world)
    concepts, shares = simulation.world.curriculum.loads
    for action in random_actions(simulation.world, 20, len(simulation)):
        before = objective.before(simulation.students, simulation.world)
        happened = simulation.step(action)
        done = happened.activity  # whatever was offered
        practised = np.take_along_axis(simulation.students.goals, concepts[:, done].T, axis=1)
        goal = (practised & (shares[:, done].T > 0)).any(axis=1)
        reward = objective.reward(happened, simulation.students, simulation.world, before)
        assert np.all(reward[~goal] == 0.0)
    assert not goal.all()


def sure(world: str) -> bool:
    """Whether what was just practised and is known is sure to be recalled."""
    memory = world_named(world).population.memory
    one, yes, place = np.ones(1), np.ones((1, 1), dtype=bool), np.zeros((1, 1), dtype=np.int64)
    state = memory.start(one, yes, 0.0, lambda kind: np.full((1, 1), 0.5))
    memory.practise(state, place, one, one[None], yes, yes, yes[0], yes)
    return bool(memory.recalled(state, place, 1.0)[0, 0] == 1.0)


def plain(world: str) -> bool:
    """Whether a concept is known or not, and nothing meddles with teaching."""
    population = world_named(world).population
    return population.knowledge.all_or_nothing and population.faculties.plain


def foreseen(name: str) -> bool:
    """Whether the objective says what is to be expected."""
    world = world_named("bkt exponential")
    truth = Truth.of(world, world.students(5, np.arange(1)))
    objective = component("objective", name)
    return not objective.refusals(world) and objective.expected(truth.outlook, world.platform, truth.value) is not None


FORESEEN = [o for o in OBJECTIVES if foreseen(o)]
EXACT = [(o, w) for o, w in PAIRS if o in FORESEEN and plain(w) and (not o.startswith("mean_") or sure(w))]


def costly(world: str) -> bool:
    """Whether there are many concepts, or memory keeps a history of each: minutes on a busy machine."""
    made = world_named(world)
    histories = any(array.ndim > 2 for _, array in arrays(made.students(5, np.arange(1)).memory))
    return histories or len(made.curriculum.concepts) > 20


@pytest.mark.parametrize(
    ("name", "world"), [pytest.param(*p, marks=[pytest.mark.slow] if costly(p[1]) else []) for p in EXACT]
)
def test_the_expected_reward_is_the_mean_of_rewards(name: str, world: str):
    """Over 60,000 tries, in all and for each form: within 4.5 standard errors (false alarms: 1 in 30,000 pairs)."""
    count = 2000
    objective, simulation = component("objective", name), begun(world, count)
    made, lanes, errors, forms = simulation.world, np.arange(count), [], []
    for action in random_actions(made, 30, count):
        truth = Truth.of(made, simulation.students)
        expected = objective.expected(truth.outlook, made.platform, truth.value)[lanes, action]
        expected *= objective.scale(simulation.students) if isinstance(objective, Scaled) else 1.0
        errors.append(rewarded(objective, simulation, action) - expected)
        forms.append(made.curriculum.form[action])
    error, form = np.concatenate(errors), np.concatenate(forms)
    for part in (error, *(error[form == f] for f in range(len(made.curriculum.forms)))):
        assert abs(part.mean()) <= 4.5 * part.std() / np.sqrt(len(part)) + 1e-12
