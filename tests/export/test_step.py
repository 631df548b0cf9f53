"""The graph of every heuristic does what the package does, in every kind of world, for any number of students."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from curriculum_rl.agents.learned import untrained
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.export.step import packed, step_graph
from curriculum_rl.policies.load import load_policy, policy_names
from curriculum_rl.world import load_world
from tests.worlds import component

NAMES = [name for name in policy_names() if name != "lookahead"]  # which has tests of its own
WORLDS = ("new_material", "kss", "tms-binary")
STUDENTS, STEPS = 24, 8
LEVEL = {("fixed_order", "kss"), ("max_information", "kss")}
"""Where activities are level, or a turn ends with a minute: single precision may fall on either side."""


@functools.cache
def session(world: str, policy: str) -> Any:
    model = step_graph(load_policy(policy), load_world(world).platform)
    assert {(one.domain, one.version) for one in model.opset_import} == {("", 18)}
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def asked(of: Any, state: Any, last: Any, correct: Any, elapsed: Any, allowed: Any) -> dict[str, Any]:
    names = [output.name for output in of.get_outputs()]
    given = {"state": state, "last_activity": last, "correct": correct, "elapsed_s": elapsed, "allowed": allowed}
    return dict(zip(names, of.run(names, given), strict=True))


def beginning(simulation: Simulation) -> list[Any]:
    """State, and that nothing was done yet."""
    n = len(simulation)
    return [packed(simulation.belief), np.full(n, -1), np.zeros(n, np.float32), np.zeros(n, np.float32)]


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("policy", NAMES)
def test_a_graph_follows_the_package_step_by_step(world: str, policy: str):
    """Its own state goes back in each time, so that an error would grow."""
    there, chooser = load_world(world), load_policy(policy)
    simulation = Simulation(there, chooser.tracker, first(TEST, STUDENTS))
    event, rng = beginning(simulation), np.random.default_rng(0)
    for _ in range(STEPS):
        mask = simulation.mask() & (rng.random((STUDENTS, len(there.curriculum.activities))) < 0.8)
        mask[:, 0] = True
        view = replace(simulation.view(), mask=mask)
        found = asked(session(world, policy), *event, view.mask)
        apart = np.abs(found["probs"] - chooser.probabilities(view)).max(axis=1) >= 1e-5
        assert apart.mean() < (0.5 if (policy, world) in LEVEL else 1e-9)
        assert np.allclose(found["state_out"], packed(simulation.belief), rtol=1e-4, atol=1e-4)
        assert np.allclose(found["concept_mastery"], simulation.belief.outlook().stored, atol=1e-4)
        happened = simulation.step(rng.integers(0, view.mask.shape[1], STUDENTS))
        if happened.over.any():
            break
        days = happened.elapsed * 86_400.0
        event = [found["state_out"], happened.activity, happened.correct.astype(np.float32), days.astype(np.float32)]


@pytest.mark.parametrize("network", ["concept_scorer", "flat"])
@pytest.mark.parametrize("sampled", [False, True])
def test_a_network_is_part_of_the_graph(network: str, sampled: bool):
    world = load_world("new_material")
    torch.manual_seed(0)
    policy = untrained(world.platform, component("network", network), component("tracker", "bkt_grid")).drawn(sampled)
    graph = onnxruntime.InferenceSession(step_graph(policy, world.platform).SerializeToString())
    simulation, rng = Simulation(world, policy.tracker, first(TEST, STUDENTS)), np.random.default_rng(0)
    event = beginning(simulation)
    for _ in range(60):  # over the end of a session
        view = simulation.view()
        found = asked(graph, *event, view.mask.copy())
        two = np.sort(policy.drawn().probabilities(view), axis=1)[:, -2:]
        sure = two[:, 1] > 1.00003 * two[:, 0]  # weights that nothing taught leave some choices level
        assert sure.mean() > 0.7
        assert np.abs(found["probs"] - policy.probabilities(view))[sure].max() < 1e-5
        happened = simulation.step(rng.integers(0, view.mask.shape[1], STUDENTS))
        if happened.over.any():
            break
        days = happened.elapsed * 86_400.0
        event = [found["state_out"], happened.activity, happened.correct.astype(np.float32), days.astype(np.float32)]


@pytest.mark.parametrize("policy", ["greedy_credit_grid", "thompson", "zpdes"])
def test_students_are_alone_in_a_batch(policy: str):
    world = load_world("new_material")
    simulation = Simulation(world, load_policy(policy).tracker, first(TEST, 7))
    event, mask = beginning(simulation), simulation.mask()
    event[1] = np.arange(7)
    together = asked(session("new_material", policy), *event, mask)
    for i in range(7):
        alone = asked(session("new_material", policy), *(part[[i]] for part in event), mask[[i]])
        assert all(np.allclose(alone[name], together[name][[i]], atol=1e-6) for name in together)


def test_where_everything_is_locked_nothing_is_chosen():
    world = load_world("new_material")
    simulation = Simulation(world, load_policy("mastery").tracker, first(TEST, 3))
    found = asked(session("new_material", "mastery"), *beginning(simulation), np.zeros_like(simulation.mask()))
    assert (found["probs"] == 0).all()
    assert not found["eligible"].any()


def test_before_the_first_event_the_state_stays():
    world = load_world("new_material")
    simulation = Simulation(world, load_policy("greedy_credit").tracker, first(TEST, 3))
    event = beginning(simulation)
    found = asked(session("new_material", "greedy_credit"), *event, simulation.mask())
    assert np.array_equal(found["state_out"], event[0])
