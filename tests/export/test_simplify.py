"""A simplified graph does the same, nothing in it is dead or stands twice, and simplifying it again is idle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from benchmarks.exporting import graphs
from benchmarks.synthetic import synthetic_world
from curriculum_rl.agents.learned import untrained
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.export import bundle, step
from curriculum_rl.export.graph import OPSET, STUDENTS, Graph
from curriculum_rl.export.simplify import simplified
from curriculum_rl.export.traced import Traced, lift
from curriculum_rl.export.tracing import traced
from curriculum_rl.policies.load import load_policy, policy_names
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.world import load_world
from tests.export.test_traced import FUNCTIONS, WIDTH, assert_is_itself
from tests.worlds import component

NAMES = [name for name in policy_names() if name != "lookahead"]  # which plays futures of changing numbers
OUTPUTS = ["state_out", "probs", "eligible", "concept_mastery"]
ROWS = 40


def run(model: onnx.ModelProto, inputs: dict[str, Any]) -> list[Any]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run([output.name for output in model.graph.output], inputs)


def events(policy: Any, world: Any, rows: int = ROWS) -> dict[str, Any]:
    """Students somewhere in the course, one of them new, and what they did."""
    rng, platform = np.random.default_rng(0), world.platform
    concepts, activities = len(platform.curriculum.concepts), len(platform.curriculum.activities)
    belief = policy.tracker.start(platform, rng.random((rows, concepts)) < 0.7)
    for _ in range(6):
        activity, right = rng.integers(0, activities, rows), rng.random(rows) < 0.6
        belief.update(activity, right, rng.random(rows) * 3.0)
    last = rng.integers(0, activities, rows)
    last[0] = -1
    return {
        "state": step.packed(belief),
        "last_activity": last,
        "correct": (rng.random(rows) < 0.5).astype(np.float32),
        "elapsed_s": (rng.random(rows) * 3e5).astype(np.float32),
        "allowed": rng.random((rows, activities)) < 0.7,
    }


@pytest.mark.parametrize("world", [pytest.param("new_material", marks=pytest.mark.slow), "tms-binary"])
@pytest.mark.parametrize("name", NAMES)
def test_a_heuristic_chooses_the_same(world: str, name: str):
    there, policy = load_world(world), load_policy(name)
    short, long = graphs(policy, there.platform)
    given = events(policy, there)
    for found, expected in zip(run(short, given), run(long, given), strict=True):
        assert np.array_equal(found, expected)
    assert len(short.graph.node) < 0.75 * len(long.graph.node)


@pytest.mark.parametrize(("network", "tracker"), [("flat", "bkt"), ("concept_scorer", "bkt_grid"), ("flat", "counts")])
def test_a_network_in_single_precision_is_within_the_tolerance(network: str, tracker: str):
    world = load_world("new_material")
    torch.manual_seed(0)
    policy = untrained(world.platform, component("network", network), component("tracker", tracker)).drawn()
    for weight in policy.actor.parameters():
        weight.add_(0.1 * torch.randn_like(weight))  # biases start out as zeros, all alike
    short, long = graphs(policy, world.platform, single=True)
    given = events(policy, world)
    for found, expected in zip(run(short, given), run(long, given), strict=True):
        assert np.allclose(found, expected, rtol=2e-6, atol=1e-5)
    assert TensorProto.DOUBLE not in {tensor.data_type for tensor in short.graph.initializer}
    kept = {tensor.name: numpy_helper.to_array(tensor) for tensor in short.graph.initializer}
    for name, weight in policy.actor.state_dict().items():
        own = kept.get(f"network/{name}")
        assert np.array_equal(weight, kept[f"network/{name}.T"].T if own is None else own)


@pytest.mark.slow
def test_single_precision_is_taken_where_it_is_close(monkeypatch: pytest.MonkeyPatch):
    platform = load_world("new_material").platform
    policy = untrained(platform, component("network", "concept_scorer"), component("tracker", "bkt_grid")).drawn()
    exact = step.step_graph(policy, platform).SerializeToString()
    model, found = bundle.compared(exact, policy, platform, None, 600)
    assert found.passed
    assert model == step.step_graph(policy, platform, single=True).SerializeToString()
    monkeypatch.setattr(bundle, "TOLERANCE", 0.0)
    model, found = bundle.compared(exact, policy, platform, None, 600)
    assert found.passed
    assert model == exact


@pytest.mark.parametrize("name", ["mastery", "greedy_credit_grid", "thompson", "zpdes"])
def test_nothing_is_dead_and_nothing_stands_twice(name: str):
    short, _ = graphs(load_policy(name), load_world("new_material").platform)
    used = {name for node in short.graph.node for name in node.input} | {output.name for output in short.graph.output}
    assert all(set(node.output) & used for node in short.graph.node)
    assert {tensor.name for tensor in short.graph.initializer} <= used
    made = [(node.op_type, tuple(node.input), str(node.attribute)) for node in short.graph.node]
    assert len(made) == len(set(made))


@pytest.mark.parametrize("name", ["mastery", "greedy_credit_grid", "thompson", "zpdes"])
def test_what_is_simple_stays_as_it_is(name: str):
    short, _ = graphs(load_policy(name), load_world("new_material").platform)
    again = Graph("state")
    again.nodes, again.tensors = list(short.graph.node), list(short.graph.initializer)
    for value in (*short.graph.input, *short.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = STUDENTS
    inferred = onnx.shape_inference.infer_shapes(short, data_prop=True).graph
    for value in (*inferred.value_info, *inferred.input):
        kind = value.type.tensor_type
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(kind.elem_type))
        again.told[value.name] = (dtype, tuple(d.dim_value for d in kind.shape.dim))
    nodes, _ = simplified(again, {name: name for name in OUTPUTS})
    assert len(nodes) >= len(short.graph.node)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("students", [1, 6])
def test_a_function_stays_itself(name: str, students: int):
    assert_is_itself(simple, name, students)


def simple(function: Callable[[Any], Any], x: Any, nodes: int | None = None) -> Any:
    """What the simplified graph of a function makes of x; it may have so many nodes."""
    graph = Graph("x")
    with traced(graph):
        found = lift(graph, function(Traced(graph, "x", np.float64, (STUDENTS, WIDTH)))).copy()
    written, tensors = simplified(graph, {"y": found.name})
    assert nodes is None or len(written) <= nodes
    kind = helper.np_dtype_to_tensor_dtype(found.dtype)
    given = [helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["B", WIDTH])]
    told = [helper.make_tensor_value_info("y", kind, None)]
    whole = helper.make_graph(written, "g", given, told, tensors)
    return run(helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9), {"x": x})[0]


def _columns(x: Any) -> Any:
    out = np.zeros((len(x), WIDTH))
    for column in range(WIDTH):
        out[:, column] = x[:, column] + 1.0 if column else x[:, 2]
    return out


def _turned(x: Any) -> Any:
    out = np.zeros((2, len(x)))
    out[0], out[1] = x[:, 0] * 2.0, x[:, 1]
    return out.T[:, 1] + 0.0


def _added(x: Any) -> Any:
    out, rows = np.zeros((len(x), WIDTH)), np.arange(len(x))
    places = np.stack([x.argmax(axis=1), x.argmin(axis=1), x.argmax(axis=1)], axis=1)
    for column in range(3):
        out[rows, places[:, column]] += x[:, column]
    return out


SHORT: dict[str, tuple[Callable[[Any], Any], int]] = {
    "nothing": (lambda x: (x * 1.0 + 0.0).reshape(-1, 1, WIDTH)[:, 0].T.T, 1),
    "what is known": (lambda x: x + np.exp(np.arange(3.0)).sum() * np.full(WIDTH, 2.0), 1),
    "what was written is not read": (_columns, 6),
    "a column is a column": (lambda x: (x[:, 0] * 2.0 + x[:, 1])[:, None] - x[:, 2:3], 4),
    "rows that were turned": (_turned, 2),
    "added one after the other": (_added, 9),
    "twice the same": (lambda x: np.exp(x) / (1.0 + np.exp(x)), 3),
    "tables of tables": (lambda x: np.sqrt(np.take(np.arange(6.0), (x > 0).sum(axis=1)) + 1.0) * 2.0, 5),
}


@pytest.mark.parametrize("name", SHORT)
def test_so_many_nodes_are_enough(name: str):
    function, nodes = SHORT[name]
    x = np.random.default_rng(0).normal(size=(6, WIDTH))
    assert np.allclose(simple(function, x, nodes), function(x))


def test_the_graph_of_the_figures_stays_small():
    """One decision costs what its nodes cost: `benchmarks/exporting.py`."""
    world = synthetic_world(50, 200)
    policy = untrained(world.platform, Flat((256, 256)), Counts()).drawn()
    model = step.step_graph(policy, world.platform, single=True)
    assert len(model.graph.node) <= 85
    assert len(model.SerializeToString()) < 1_000_000
