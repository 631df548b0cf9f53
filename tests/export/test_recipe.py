"""A policy made again from its recipe is the same one, here and in another catalogue."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from curriculum_rl.agents.learned import LearnedPolicy, untrained
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.config import TARGET
from curriculum_rl.envs.by_belief import view_by_belief
from curriculum_rl.export.recipe import policy_from, recipe, weights
from curriculum_rl.policies.load import load_policy, policy_names
from curriculum_rl.policies.policy import Policy
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform, load_world

FRACTIONS = load_world("fractions").platform
SAME = {"difficulty": 0.0, "minutes": 2.0, "learning": 1.0}
ONE_KIND = tuple(replace(a, **SAME) for a in FRACTIONS.curriculum.activities)  # type: ignore[arg-type]
ALIKE = replace(FRACTIONS, curriculum=replace(FRACTIONS.curriculum, activities=ONE_KIND))
TWIN = replace(ONE_KIND[0], id="twin", difficulty=1.0, minutes=9.0)
DIFFER = replace(ALIKE, curriculum=replace(ALIKE.curriculum, activities=(*ONE_KIND, TWIN)))

SCORER = ConceptScorer(8)


def scorer(platform: Platform, network: Any = SCORER) -> LearnedPolicy:
    """A network with weights that matter, and are the same in every run."""
    policy = untrained(platform, network, BKTFilter(3)).drawn()
    for parameter in policy.actor.parameters():
        parameter.copy_(0.1 * torch.cos(torch.arange(parameter.numel()) ** 2).reshape(parameter.shape))
    return policy


def chances(policy: Policy, platform: Platform) -> Any:
    rng, n = np.random.default_rng(0), 20
    belief = policy.tracker.start(platform, np.ones((n, len(platform.curriculum.concepts)), dtype=np.bool_))
    for _ in range(3):
        belief.update(rng.integers(0, len(platform.curriculum.activities), n), rng.random(n) < 0.5, rng.random(n))
    mask = np.ones((n, len(platform.curriculum.activities)), dtype=np.bool_)
    return policy.probabilities(view_by_belief(belief, np.arange(n), mask, 0.0))


def again(policy: Policy, platform: Platform) -> Policy:
    kept = json.loads(json.dumps({"policy": recipe(policy), "weights": weights(policy)}))
    return policy_from(kept["policy"], kept["weights"], platform)


@pytest.mark.parametrize("name", policy_names())
def test_a_heuristic_is_its_settings(name: str):
    policy = load_policy(name)
    assert weights(policy) is None
    assert again(policy, FRACTIONS) == policy


@pytest.mark.parametrize("platform", [FRACTIONS, ALIKE], ids=["varied", "alike"])
@pytest.mark.parametrize("sampled", [True, False])
def test_a_network_is_its_settings_and_weights(platform: Platform, sampled: bool):
    policy = replace(scorer(platform).drawn(sampled), slate=2)
    found = again(policy, platform)
    assert isinstance(found, LearnedPolicy)
    assert (found.sampled, found.slate, found.forms) == (sampled, 2, policy.forms)
    assert chances(found, platform).tobytes() == chances(policy, platform).tobytes()


def test_where_activities_begin_to_differ_the_network_takes_them_for_alike():
    policy = scorer(ALIKE)
    there = policy_from(recipe(policy), weights(policy), DIFFER)
    alike = chances(policy_from(recipe(policy), weights(policy), ALIKE), ALIKE)
    assert alike.tobytes() == chances(policy, ALIKE).tobytes()
    found = chances(there, DIFFER)
    assert found.max() < 1.0
    assert np.array_equal(found[:, 0], found[:, -1])
    back = again(there, ALIKE)
    assert chances(back, ALIKE).tobytes() == chances(policy, ALIKE).tobytes()


def refused(recipe: Any, weights: Any, platform: Platform = FRACTIONS) -> str:
    with pytest.raises(InvalidInput) as told:
        policy_from(recipe, weights, platform)
    return str(told.value)


def test_what_cannot_be_made_again_says_why():
    flat, learned = scorer(FRACTIONS, Flat()), scorer(FRACTIONS)
    assert weights(flat) is None
    assert "Flat: is bound to the concepts and activities" in refused(recipe(flat), None)
    kept = weights(learned)
    assert kept is not None
    name = "1.score.weight"
    shapes: list[Any] = [None, 3, {}, {"shape": [-1], "float32": ""}, {"shape": [2], "float32": "AAAA"}]
    for damaged in (*shapes, {**kept[name], "float32": "?"}):
        assert f"{name}: is not a shape and as many numbers" in refused(recipe(learned), {**kept, name: damaged})
    assert "weights" in refused(recipe(learned), {**kept, name: kept["1.first.bias"]})
    assert "weights" in refused(recipe(learned), {})
    assert "is no policy" in refused({TARGET: "curriculum_rl.course.Course"}, None)
    assert "must be the dotted path of a dataclass" in refused({TARGET: "os.system"}, None)
    assert "has no network" in refused({**recipe(learned), "network": 3}, kept)
