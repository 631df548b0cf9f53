"""Test vectors hold what is special about some students, and the package itself stands behind every number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from curriculum_rl.envs.believed import Believed
from curriculum_rl.export.bundle import make
from curriculum_rl.export.courses import Plan, courses
from curriculum_rl.export.step import goals_in, packed, step_graph
from curriculum_rl.export.vectors import CASES, STUDENTS
from curriculum_rl.policies.load import load_policy
from curriculum_rl.runner.bundle import Bundle, read_bundle
from curriculum_rl.runner.replay import replay
from curriculum_rl.runner.runner import Runner, session
from curriculum_rl.world import load_world


@pytest.fixture(scope="module")
def gated() -> Bundle:
    policy, world = load_policy("greedy_credit"), load_world("fractions")
    return read_bundle(make("greedy", policy, world, 1000, Believed(0.6)).content)


def test_every_case_is_among_them(gated: Bundle):
    lines = list(gated.vectors())
    assert len(lines) == STUDENTS
    assert {line["case"] for line in lines} == set(CASES)
    by_case: dict[str, list[Any]] = {case: [one for one in lines if one["case"] == case] for case in CASES}
    assert all(step["correct"] == 0 for one in by_case["all wrong"] for step in one["steps"])
    assert all(
        len(one["steps"][2]["locked"]) == len(gated.catalogue["activities"]) for one in by_case["everything locked"]
    )
    assert all(not one["steps"][2]["probs"] for one in by_case["everything locked"])
    assert all(one["steps"][3]["elapsed_s"] == 365 * 86_400 for one in by_case["a year between"])
    assert any(one["goals"] for one in by_case["own goals"])
    assert all(one["steps"][0]["last_activity"] == -1 for one in lines)
    assert any("reasons" in one["steps"][-1] for one in lines)


def test_a_gate_is_in_the_graph_and_in_the_vectors(gated: Bundle):
    shut = [step for line in gated.vectors() for step in line["steps"] if "shut" in step]
    assert shut
    assert all(set(step["locked"]) < set(step["shut"]) for step in shut)
    assert replay(Runner(gated)) == sum(len(line["steps"]) for line in gated.vectors())


def test_a_gated_graph_shuts_what_the_gate_shuts():
    policy, platform, gate = load_policy("mastery"), load_world("fractions").platform, Believed(0.8)
    graph = session(step_graph(policy, platform, gate).SerializeToString())
    plan = Plan.plain(30, len(platform.curriculum.concepts))
    for one in courses(policy, platform, plan, 30, gate):
        found = graph.run(["eligible"], one.inputs)[0]
        assert np.array_equal(found, one.eligible)
        assert (one.probabilities[~one.eligible] == 0).all()


@pytest.mark.parametrize(
    "name", ["mastery", "greedy_credit_grid", "zpdes", "leitner", "fsrs_scheduler", "max_information"]
)
def test_goals_lie_where_the_manifest_says(name: str):
    tracker = load_policy(name).tracker
    platform = load_world("new_material").platform
    rng = np.random.default_rng(0)
    goals = rng.random((50, len(platform.curriculum.concepts))) < 0.5
    every = packed(tracker.start(platform, np.ones_like(goals)))
    for start in goals_in(tracker, platform):
        every[:, start : start + goals.shape[1]] = goals
    assert np.array_equal(every, packed(tracker.start(platform, goals)))
