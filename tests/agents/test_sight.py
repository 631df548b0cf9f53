"""The truth reaches the critic, and neither the actor nor what is kept of it."""

from __future__ import annotations

import numpy as np
import torch

from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.masked import MaskedPolicy
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.sight import see, unseen, with_sight
from curriculum_rl.objectives.delayed_test import DelayedTest
from tests.agents.playground import trained
from tests.worlds import component, made_world


def lanes(sight: bool) -> Lanes:
    return Lanes(
        made_world(),
        tracker=component("tracker", "bkt"),
        objective=DelayedTest(),
        gate=None,
        lanes=20,
        seed=1,
        sight=sight,
    )


def test_the_truth_is_added_and_can_be_taken_away_again():
    wide, plain = lanes(True), lanes(False)
    seen, features = wide.reset(), plain.reset()
    assert isinstance(seen, np.ndarray)
    assert seen.shape == (20, with_sight(wide.layout).features)
    assert wide.observation_space.contains(seen[0])
    assert np.array_equal(unseen(torch.from_numpy(seen), wide.layout).numpy(), features)
    students = wide.env.running().students
    again = see(wide.env.running().view().features(), students, wide.layout)
    assert np.array_equal(again, seen)


def test_another_truth_changes_the_value_and_no_choice():
    made = lanes(True)
    torch.manual_seed(0)
    policy = MaskedPolicy(
        made.observation_space, made.action_space, lambda _: 1e-3, ConceptScorer(8), made.layout, True
    )
    seen = made.reset()
    assert isinstance(seen, np.ndarray)
    students = made.env.running().students
    students.at_test[:] = 1.0 - students.at_test
    students.traits.rate[:] += 1.0
    other = see(made.env.running().view().features(), students, made.layout)
    here, there = torch.from_numpy(seen), torch.from_numpy(other)
    activities = torch.zeros(20, dtype=torch.long)
    (value, log, _), (other_value, other_log, _) = (policy.evaluate_actions(x, activities) for x in (here, there))
    assert torch.equal(log, other_log)
    assert (value != other_value).any()


def test_no_weight_of_the_critic_is_kept():
    policy = trained(ConceptScorer(8)).policy
    assert {name.split(".")[1] for name in policy.weights()} == {"first", "summary", "second", "score"}
    assert policy.weights()["1.first.weight"].shape[1] == 3 * len(policy.tracker.belief.concept_features) + 2 + 6
