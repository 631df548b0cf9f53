"""Combinations by weights are the weighted mean of their parts, in what was and in what is to be expected."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.config import build
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.envs.truth import Truth
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.cost import Cost
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.engagement_kept import EngagementKept
from curriculum_rl.objectives.gap import Gap
from curriculum_rl.objectives.mastery_gain import MasteryGain
from curriculum_rl.objectives.retention import Retention
from curriculum_rl.objectives.weighted import Weighted
from curriculum_rl.policies.random import Random
from curriculum_rl.studies.compose import member
from curriculum_rl.studies.evaluate import find_objective
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.violations import InvalidInput
from tests.worlds import made_world

PARTS = {"test": DelayedTest(), "kept": Retention(), "cost": Cost(activity=1.0)}


def points(objective: object) -> np.ndarray:
    return rollout(made_world(), Random(), 60, objective=objective).total_reward  # type: ignore[arg-type]


def test_it_is_the_weighted_mean_of_its_parts_whatever_the_weights_sum_to():
    each = {name: points(part) for name, part in PARTS.items()}
    mixed = points(Weighted(PARTS, {"test": 2.0, "kept": 1.0, "cost": 1.0}))
    np.testing.assert_allclose(mixed, 0.5 * each["test"] + 0.25 * each["kept"] + 0.25 * each["cost"], atol=1e-9)
    np.testing.assert_allclose(points(Weighted(PARTS, {"test": 6.0, "kept": 3.0, "cost": 3.0})), mixed, atol=1e-9)
    np.testing.assert_allclose(points(Weighted(PARTS, {"test": 0.0, "kept": 0.0, "cost": 9.0})), each["cost"])


def test_what_is_expected_of_it_is_that_mean_too_unless_a_part_cannot_say():
    world = made_world()
    truth = Truth.of(world, Simulation(world, Counts(), np.arange(30), 1).students)

    def expected(objective):
        return objective.expected(truth.outlook, world.platform, truth.value)

    mixed = expected(Weighted({"a": DelayedTest(), "b": MasteryGain()}, {"a": 1.0, "b": 3.0}))
    np.testing.assert_allclose(mixed, 0.25 * expected(DelayedTest()) + 0.75 * expected(MasteryGain()), atol=1e-12)
    assert expected(Weighted(PARTS, dict.fromkeys(PARTS, 1.0))) is None


def test_parts_may_be_combined_themselves():
    inner = Weighted(PARTS, {"test": 1.0, "kept": 1.0, "cost": 0.0})
    outer = Weighted({"both": inner, "cost": PARTS["cost"]}, {"both": 2.0, "cost": 2.0})
    flat = Weighted(PARTS, {"test": 1.0, "kept": 1.0, "cost": 2.0})
    np.testing.assert_allclose(points(outer), points(flat), atol=1e-9)


def test_weights_that_sum_to_nothing_and_other_misfits_are_named():
    with pytest.raises(InvalidInput) as caught:
        Weighted(PARTS, {"test": 0.0, "kept": 0.0, "cost": 0.0})
    assert "must not sum to nothing" in caught.value.violations[0]
    with pytest.raises(InvalidInput) as caught:
        Weighted({**PARTS, "gap": Gap(), "nine": 9}, {"test": -1.0, "kpet": 1.0, "cost": 1.0, "gap": 1.0, "nine": 1.0})  # type: ignore[dict-item]
    assert caught.value.violations == [
        "weights.kept: is missing; give a number",
        "weights.kpet = 1.0: is of no part. Did you mean kept?",
        "weights.test = -1.0: must be a finite number at least 0.",
        "parts.gap = 'Gap': moves while it trains. It cannot be part of another objective.",
        "parts.nine = 'int': must be an objective. Its _target_ is another kind of thing.",
    ]
    with pytest.raises(InvalidInput, match=r"parts.kept: engagement_kept: students of .* have no engagement"):
        points(Weighted({"kept": EngagementKept()}, {"kept": 1.0}))


def test_it_is_composed_of_the_members_of_its_group():
    found = find_objective("weighted")
    assert isinstance(found, Weighted)
    assert found.parts == {"retention": find_objective("retention"), "cost": find_objective("cost")}
    node = member("objective", "weighted")
    node.weights = {"retention": 0.0, "cost": 0.0}
    with pytest.raises(InvalidInput, match=r"weights = .*must not sum to nothing. Give one of the parts a weight"):
        build(node, "objective")
    with pytest.raises(InvalidInput, match=r"'weigthed' is no objective. Did you mean weighted"):
        find_objective("weigthed")
