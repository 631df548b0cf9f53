"""A bundle that plays in the simulation does for every student what the policy does that it was made from."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from curriculum_rl.envs.believed import Believed
from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.export.bundle import make
from curriculum_rl.export.player import BundlePolicy
from curriculum_rl.policies.load import load_policy
from curriculum_rl.runner.bundle import read_bundle
from curriculum_rl.runner.runner import Runner
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world

WORLD = load_world("fractions")
IDS = first(TEST, 40)


@pytest.mark.parametrize("name", ["mastery", "zpdes", "random_allowed"])
def test_a_bundle_plays_as_its_policy(name: str):
    policy = load_policy(name)
    bundle = BundlePolicy(Runner(read_bundle(make(name, policy, WORLD, 1000).content)))
    here, there = rollout(WORLD, policy, IDS), rollout(WORLD, bundle, IDS)
    for field in fields(here):
        np.testing.assert_array_equal(getattr(here, field.name), getattr(there, field.name), err_msg=field.name)


def test_a_gate_in_the_graph_is_the_gate_of_the_simulation():
    policy, gate = load_policy("random_allowed"), Believed(0.5)
    bundle = BundlePolicy(Runner(read_bundle(make("gated", policy, WORLD, 1000, gate).content)))
    here, there = rollout(WORLD, policy, IDS, gate=gate), rollout(WORLD, bundle, IDS)
    np.testing.assert_array_equal(here.gain, there.gain)
    assert not np.array_equal(here.gain, rollout(WORLD, policy, IDS).gain)


def test_another_catalogue_is_refused():
    bundle = BundlePolicy(Runner(read_bundle(make("mastery", load_policy("mastery"), WORLD, 1000).content)))
    with pytest.raises(
        InvalidInput, match="is for another catalogue than this world's: it was exported for 'fractions'"
    ):
        rollout(load_world("vocabulary"), bundle, IDS)
