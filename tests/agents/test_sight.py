"""The truth reaches the critics, and neither the actor nor what is kept of it."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path

import numpy as np
import pytest
import torch

import curriculum_rl
from curriculum_rl.agents.all_action_ppo import AllActionPPO, _Policy
from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.masked import MaskedPolicy
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.sight import PLANES, TRAITS, joined, with_sight
from curriculum_rl.envs.simulation import View
from curriculum_rl.envs.truth import Truth
from curriculum_rl.objectives.delayed_test import DelayedTest
from tests.agents.playground import trained
from tests.test_layers import imports_of
from tests.worlds import component, made_world

MAY_SEE = {"agents/sight.py", "evaluation/oracles.py"}


def lanes(told: bool) -> Lanes:
    tracker = component("tracker", "bkt")
    about = {"tracker": tracker, "objective": DelayedTest(), "gate": None, "lanes": 20, "seed": 1}
    return Lanes(made_world(), **about, sight=told, luckless=told)


def observed(made: Lanes) -> dict[str, torch.Tensor]:
    features = made.env.running().features()
    observation = made._observed(features)
    assert isinstance(observation, dict)
    return {name: torch.from_numpy(array) for name, array in observation.items()}


def test_only_these_files_touch_the_truth():
    package = Path(curriculum_rl.__file__).parent
    files = {
        file.relative_to(package).as_posix()
        for file in package.rglob("*.py")
        for _, name in imports_of(file)
        if name.startswith("curriculum_rl.envs.truth") or name.endswith(("sight.Truth", "sight.written"))
    }
    assert files == MAY_SEE


def test_what_a_policy_sees_holds_no_truth():
    names = " ".join(f"{field.name}: {field.type}" for field in dataclasses.fields(View))
    assert "Truth" not in names
    assert "Students" not in names
    assert "Truth" not in inspect.getsource(View)


def test_another_truth_changes_nothing_that_a_policy_is_shown():
    made = lanes(False)
    made.reset()
    simulation = made.env.running()
    before = simulation.view()
    features, mask = before.features(), before.mask.copy()
    simulation.students.mastery[:] = 1.0 - simulation.students.mastery
    simulation.students.at_test[:] = 0.5
    simulation.students.traits.ability[:] += 1.0
    assert np.array_equal(simulation.view().features(), features)
    assert np.array_equal(simulation.view().mask, mask)


def test_rewards_are_those_to_be_expected_where_the_student_stood():
    """Over a whole course, so that students are replaced, and after the lanes were put back where they stood."""
    made, again = lanes(True), lanes(True)
    made.reset()
    rng = np.random.default_rng(0)
    for step in range(120):
        world, students = made.env.world, made.env.running().students
        truth = Truth.of(world, students)
        expected = made.env.objective.expected(truth.outlook, world.platform, truth.value)
        actions = rng.integers(0, len(world.curriculum.activities), 20)
        if step == 60:
            state = {name: array.copy() for name, array in made.state().items()}
            again.restore(state)
            again.step_async(actions)
        made.step_async(actions)
        _, reward, _, _ = made.step_wait()
        np.testing.assert_allclose(reward, expected[np.arange(20), actions], rtol=1e-6)
        if step == 60:
            assert np.array_equal(again.step_wait()[1], reward)
    assert made.env.next_student > 40


def test_the_truth_stands_beside_what_is_seen():
    wide, plain = lanes(True), lanes(False)
    seen, features = wide.reset(), plain.reset()
    assert isinstance(seen, dict)
    assert np.array_equal(seen["seen"], features)
    assert wide.observation_space.contains({name: array[0] for name, array in seen.items()})
    layout = wide.layout
    read = joined(observed(wide), layout).numpy()
    assert read.shape == (20, with_sight(layout).features)
    split, concepts = layout.planes * layout.concepts, layout.concepts
    assert np.array_equal(read[:, :split], seen["seen"][:, :split])
    stored = split + PLANES.index("stored") * concepts
    students = wide.env.running().students
    assert np.allclose(read[:, stored : stored + concepts], students.mastery)
    assert np.allclose(read[:, -len(TRAITS)], np.tanh(students.traits.ability / 3.0))


@pytest.mark.parametrize("kind", [MaskedPolicy, _Policy])
def test_another_truth_changes_the_value_and_no_choice(kind: type[MaskedPolicy]):
    made = lanes(True)
    made.reset()
    torch.manual_seed(0)
    policy = kind(made.observation_space, made.action_space, lambda _: 1e-3, ConceptScorer(8), made.layout, True)
    here = observed(made)
    students = made.env.running().students
    students.at_test[:] = 1.0 - students.at_test
    students.traits.rate[:] += 1.0
    there = observed(made)
    activities = torch.zeros(20, dtype=torch.long)
    (value, log, _), (other_value, other_log, _) = (policy.evaluate_actions(x, activities) for x in (here, there))
    assert torch.equal(log, other_log)
    assert (value != other_value).any()


@pytest.mark.parametrize("agent", [None, AllActionPPO(frames=1024, lanes=32, steps=16, batch=256)])
def test_no_weight_of_a_critic_is_kept(agent: AllActionPPO | None):
    policy = trained(ConceptScorer(8), **({} if agent is None else {"agent": agent})).policy
    assert {name.split(".")[1] for name in policy.weights()} == {"first", "summary", "second", "score"}
    assert policy.weights()["1.first.weight"].shape[1] == 3 * len(policy.tracker.belief.concept_features) + 2 + 6
