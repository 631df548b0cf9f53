"""A lookahead plays the same futures in its graph, choice by choice; what it cannot play there is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.export.bundle import make
from curriculum_rl.export.courses import Plan, courses
from curriculum_rl.export.step import step_graph
from curriculum_rl.policies.greedy_credit import GreedyCredit
from curriculum_rl.policies.load import load_policy
from curriculum_rl.policies.lookahead import Lookahead
from curriculum_rl.runner.bundle import read_bundle
from curriculum_rl.runner.replay import replay
from curriculum_rl.runner.runner import Runner, session
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world

USUAL = load_policy("lookahead")
assert isinstance(USUAL, Lookahead)


@pytest.mark.parametrize(("horizon", "candidates"), [(0, 3), (1, 2), (3, 3)])
def test_the_gate_lets_it_through(horizon: int, candidates: int):
    policy = replace(USUAL, horizon=horizon, candidates=candidates)
    made = make("ahead", policy, load_world("fractions"), 500)
    assert made.parity.furthest == 0.0
    assert replay(Runner(read_bundle(made.content))) == 1600


@pytest.mark.parametrize("world", ["new_material", "tms-binary", "classroom"])
def test_other_worlds(world: str):
    policy, platform = replace(USUAL, horizon=2), load_world(world).platform
    graph = session(step_graph(policy, platform).SerializeToString())
    compared = 0
    for one in courses(policy, platform, Plan.plain(40, len(platform.curriculum.concepts)), 8):
        found = graph.run(["probs"], one.inputs)[0]
        assert np.allclose(found[~one.level], one.probabilities[~one.level], atol=1e-5)
        compared += int((~one.level).sum())
    assert compared > 150


def test_with_one_candidate_it_is_its_base():
    platform, base = load_world("fractions").platform, GreedyCredit()
    ahead, plain = (
        session(step_graph(policy, platform).SerializeToString())
        for policy in (Lookahead(base, candidates=1, horizon=2), base)
    )
    for one in courses(base, platform, Plan.plain(40, len(platform.curriculum.concepts)), 8):
        first, second = (graph.run(["probs"], one.inputs)[0] for graph in (ahead, plain))
        assert np.array_equal(first, second)


@pytest.mark.slow
def test_it_looks_as_far_in_a_graph_as_it_usually_does():
    made = make("ahead", USUAL, load_world("fractions"), 1000)
    assert made.parity.furthest == 0.0
    assert len(made.content) < 2_000_000


@pytest.mark.parametrize("change", [{"copies": 3}, {"horizon": None}])
def test_copies_and_a_horizon_without_end_are_refused(change: dict[str, int | None]):
    with pytest.raises(InvalidInput, match=r"on the mean alone \(copies: 0\) and up to a horizon"):
        make("ahead", replace(USUAL, **change), load_world("fractions"), 1000)  # type: ignore[arg-type]
