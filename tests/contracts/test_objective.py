"""What every objective in `configs/objective` must do; most reward differences of a potential that practice moves.

All that may be asked of a world are asked of one simulation of it, each at every step: students cost more than rewards.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
import pytest

from curriculum_rl.batch import Float, Int, arrays
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.envs.truth import Truth
from curriculum_rl.evaluation.outcomes import OUTCOMES
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.objective import Adaptive, Objective, Potential, Scaled
from curriculum_rl.policies.random import Random
from curriculum_rl.students.student import Happened
from curriculum_rl.trackers.counts import Counts
from tests.worlds import WORLDS, component, names, random_actions, whole, world_named

OBJECTIVES = names("objective")
N = 48  # whole classes, where there are any


@functools.cache
def asked(world: str) -> dict[str, Objective]:
    """The objectives that there can be in a world, by name."""
    made = {name: component("objective", name) for name in OBJECTIVES}
    return {name: objective for name, objective in made.items() if not objective.refusals(world_named(world))}


def potentials(world: str) -> dict[str, Potential]:
    """Those of them that are differences of a potential."""
    return {name: objective for name, objective in asked(world).items() if isinstance(objective, Potential)}


def test_every_objective_is_asked_of_several_worlds_and_some_of_each():
    for name in OBJECTIVES:
        assert sum(name in asked(world) for world in WORLDS) >= 2, name
    for world in WORLDS:
        assert len(potentials(world)) >= 3, world


def begun(world: str, students: int = N) -> Simulation:
    """At least so many students at the start of their course, in whole classes."""
    made = world_named(world)
    return Simulation(made, Counts(), np.arange(whole(made, students)), 5)


def rewarded(
    objectives: Mapping[str, Objective], simulation: Simulation, action: Int
) -> tuple[Happened, dict[str, Float]]:
    """One step, and its reward by each of them."""
    students, world = simulation.students, simulation.world
    before = {name: objective.before(students, world) for name, objective in objectives.items()}
    happened = simulation.step(action)
    rewards = {name: o.reward(happened, students, world, before[name]) for name, o in objectives.items()}
    return happened, rewards


@pytest.mark.parametrize("name", OBJECTIVES)
def test_its_outcome_is_what_a_course_adds_up_to(name: str):
    """In all, or at a decision, on average; less what there was at the start, which no policy can change."""
    objective = component("objective", name)
    world = world_named("bkt exponential" if name in asked("bkt exponential") else "pack classroom")
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


@pytest.mark.parametrize("world", WORLDS)
def test_rewards_depend_on_the_student_alone(world: str):
    """Each is what it would be in another batch, to the last bit, and nothing of the students is changed by it."""
    made, objectives = world_named(world), asked(world)
    count = whole(made, N)
    ids, actions = np.arange(count), random_actions(made, 6, count)

    def paid(first: int) -> dict[str, Float]:
        simulation, plain = (Simulation(made, Counts(), ids[first:], 5) for _ in range(2))
        found: dict[str, list[Float]] = {name: [] for name in objectives}
        for action in actions[:, first:]:
            plain.step(action)
            for name, reward in rewarded(objectives, simulation, action)[1].items():
                assert reward.shape == (count - first,), name
                assert np.all(np.isfinite(reward)), name
                found[name].append(reward)
        for (field, a), (_, b) in zip(arrays(simulation.students), arrays(plain.students), strict=True):
            np.testing.assert_array_equal(a, b, err_msg=field)
        return {name: np.stack(rewards) for name, rewards in found.items()}

    first = (N // 2) // made.class_size * made.class_size
    together, apart = paid(0), paid(first)
    for name in objectives:
        np.testing.assert_array_equal(together[name][:, first:], apart[name], err_msg=name)


@pytest.mark.parametrize("world", WORLDS)
def test_rewards_add_up_to_what_was_gained(world: str):
    objectives, simulation = potentials(world), begun(world)
    made = simulation.world

    def stands() -> dict[str, Float]:
        return {name: objective.potential(simulation.students, made) for name, objective in objectives.items()}

    first = before = after = stands()
    total = {name: np.zeros(len(simulation)) for name in objectives}
    for action in random_actions(made, 40, len(simulation)):
        (_, rewards), before = rewarded(objectives, simulation, action), after
        after = stands()
        for name, reward in rewards.items():
            np.testing.assert_allclose(reward, after[name] - before[name], atol=1e-9, err_msg=name)
            total[name] += reward
    mastered = simulation.students.begun
    for name, objective in objectives.items():
        start, end, all_ = first[name], after[name], total[name]
        np.testing.assert_allclose(all_, end - start, atol=1e-8, err_msg=name)
        lost = 100.0 * mastered * objective.scale(simulation.students) if isinstance(objective, Scaled) else 0.0
        assert np.all((end >= -lost - 1e-9) & (end <= 100.0 + 1e-9)), name
        full = (start > 99.9999) | (mastered > 0.999999) | (end < 1e-3)  # or it is all forgotten, whatever is done
        assert np.all(all_ != 0.0) or all_.std() > 0.0 or full.all(), f"there was something to gain by {name}"


@pytest.mark.parametrize("world", WORLDS)
def test_time_alone_changes_nothing(world: str):
    simulation = begun(world)
    students, made = simulation.students, simulation.world
    for action in random_actions(made, 5, len(simulation)):
        simulation.step(action)
    before = {name: objective.potential(students, made) for name, objective in potentials(world).items()}
    students.clock.now += 10.0
    for name, objective in potentials(world).items():
        np.testing.assert_array_equal(before[name], objective.potential(students, made), err_msg=name)


def apart(world: str) -> bool:
    """Whether not everything is everyone's goal, and what is none cannot lift what is one."""
    made = world_named(world)
    return not made.population.knowledge.wide and not made.students(5, np.arange(N)).goals.all()


@pytest.mark.parametrize("world", [w for w in WORLDS if apart(w)])
def test_what_is_no_goal_earns_nothing(world: str):
    simulation, others = begun(world), 0
    concepts, shares = simulation.world.curriculum.loads
    for action in random_actions(simulation.world, 20, len(simulation)):
        happened, rewards = rewarded(potentials(world), simulation, action)
        done = np.where(happened.ended, 0, happened.activity)  # whatever was offered
        practised = np.take_along_axis(simulation.students.goals, concepts[:, done].T, axis=1)
        goal = (practised & (shares[:, done].T > 0)).any(axis=1) & ~happened.ended
        others += int((~goal).sum())
        for name, reward in rewards.items():
            assert np.all(reward[~goal] == 0.0), name
    assert others > 0


@functools.cache
def sure(world: str) -> bool:
    """Whether what was just practised and is known is sure to be recalled."""
    memory = world_named(world).population.memory
    one, yes, place = np.ones(1), np.ones((1, 1), dtype=bool), np.zeros((1, 1), dtype=np.int64)
    state = memory.start(one, yes, 0.0, lambda kind: np.full((1, 1), 0.5))
    memory.practise(state, place, one, one[None], yes, yes, yes[0], yes)
    return bool(memory.recalled(state, place, 1.0)[0, 0] == 1.0)


@functools.cache
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
EXACT = [w for w in WORLDS if plain(w)]


def costly(world: str) -> bool:
    """Whether there are many concepts, or memory keeps a history of each: minutes on a busy machine."""
    made = world_named(world)
    histories = any(array.ndim > 2 for _, array in arrays(made.students(5, np.arange(1)).memory))
    return histories or len(made.curriculum.concepts) > 20


@pytest.mark.parametrize("world", [pytest.param(w, marks=[pytest.mark.slow] if costly(w) else []) for w in EXACT])
def test_the_expected_reward_is_the_mean_of_rewards(world: str):
    """Over 60,000 tries, in all and for each form: within 4.5 standard errors (false alarms: 1 in 30,000 pairs)."""
    count = 2000
    simulation = begun(world, count)
    made, lanes, forms = simulation.world, np.arange(count), []
    objectives = {
        name: objective
        for name, objective in asked(world).items()
        if name in FORESEEN and (not name.startswith("mean_") or sure(world))
    }
    errors: dict[str, list[Float]] = {name: [] for name in objectives}
    for action in random_actions(made, 30, count):
        truth = Truth.of(made, simulation.students)
        outlook, expected = truth.outlook, {}
        for name, objective in objectives.items():
            expected[name] = objective.expected(outlook, made.platform, truth.value)[lanes, action]
            expected[name] *= objective.scale(simulation.students) if isinstance(objective, Scaled) else 1.0
        for name, reward in rewarded(objectives, simulation, action)[1].items():
            errors[name].append(reward - expected[name])
        forms.append(made.curriculum.form[action])
    form = np.concatenate(forms)
    for name in objectives:
        error = np.concatenate(errors[name])
        for part in (error, *(error[form == f] for f in range(len(made.curriculum.forms)))):
            assert abs(part.mean()) <= 4.5 * part.std() / np.sqrt(len(part)) + 1e-12, name
