"""NumPy on traced arrays is NumPy: every operator against the function itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from scipy import special

from curriculum_rl.export.graph import OPSET, STUDENTS, Graph
from curriculum_rl.export.traced import Traced, lift
from curriculum_rl.export.tracing import Known, traced

WIDTH = 5
TABLE = np.arange(12.0).reshape(4, 3)


def in_place(change: Callable[[Any], None]) -> Callable[[Any], Any]:
    """A function that changes a copy."""

    def changed(x: Any) -> Any:
        x = x.copy()
        change(x)
        return x

    return changed


def _slice(x: Any) -> None:
    x[:, 1:3] *= 2.0


def _column(x: Any) -> None:
    x[:, 2] = x[:, 0] + 1.0


def _listed(x: Any) -> None:
    x[:, [4, 0]] -= 3.0


def _masked(x: Any) -> None:
    none = x.sum(axis=1) < 0
    if none.any():
        x[none] = x[none] * 0.5


def _through(x: Any) -> None:
    flat = x.reshape(-1, WIDTH)[:, 1:].reshape(len(x), 2, 2)
    flat[:, 1] = -1.0


def _scattered(x: Any) -> None:
    flat = x.ravel()
    at = np.arange(len(x)) * WIDTH + 2
    flat[at] += 10.0


def _some(x: Any) -> None:
    flat, at = x.ravel(), np.arange(len(x)) * WIDTH
    flat[at[x[:, 1] > 0]] += 1.0


def _own(x: Any) -> None:
    x[np.arange(len(x)), x.argmax(axis=1)] = 0.0


def _out(x: Any) -> None:
    np.divide(x[:, 0], 2.0, out=x[:, 1])


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "arithmetic": lambda x: (x + 2) * x - x / 3.0,
    "power": lambda x: np.abs(x) ** 1.5,
    "extremes": lambda x: np.minimum(np.maximum(x, -0.5), 0.5),
    "curves": lambda x: np.exp(x) + np.log1p(np.abs(x)) + np.sqrt(np.abs(x)) + np.expm1(x) + np.tanh(x),
    "logistic": lambda x: special.logit(special.expit(x)) + special.ndtr(x),
    "whole": lambda x: np.floor(x) + np.ceil(x) + np.floor_divide(x, 0.3) + np.mod(x, 0.7),
    "parts": lambda x: sum(np.divmod(x, 0.4)) + sum(np.modf(x * 3.0)),
    "comparisons": lambda x: ((x > 0) & (x <= 1) | (x == x) ^ (x != 0)).astype(np.float64),
    "nothing": lambda x: np.isfinite(x) & ~np.isinf(x) & ~np.isnan(x),
    "bits": lambda x: (
        np.bitwise_count(((np.abs(x) * 9).astype(np.int64) << 2 | 1) & 29) + (np.floor(x * x).astype(np.int64) >> 1)
    ),
    "where": lambda x: np.where(x > 0, x, -2.0),
    "bool where": lambda x: np.where(x > 0, x > 1, x < -1),
    "sums": lambda x: x.sum(axis=1, keepdims=True) + x.prod(axis=1)[:, None] + x.mean(axis=1)[:, None],
    "many factors": lambda x: np.concatenate([x, x + 1.0, x - 2.0, x[:, :2]], axis=1).prod(axis=1),
    "ranges": lambda x: x.max(axis=1) - x.min(axis=1),
    "tests": lambda x: (x > 1).any(axis=1) & ~(x > -1).all(axis=1),
    "running": lambda x: x.cumsum(axis=1),
    "places": lambda x: x.argmax(axis=1) * 10 + x.argmin(axis=1),
    "clip": lambda x: x.clip(-0.2, 0.4),
    "joined": lambda x: np.concatenate([x, np.stack([x[:, 0], x[:, 1]], axis=1)], axis=1),
    "repeat": lambda x: x.repeat(2, axis=1),
    "transpose": lambda x: (x.T * 2.0).T,
    "matmul": lambda x: np.matmul(x[:, None, :], x[:, :, None])[:, 0],
    "new axis": lambda x: (x[:, None] - x[:, :, None]).sum(axis=2),
    "searchsorted": lambda x: np.searchsorted(np.array([-1.0, 0.0, 1.0]), x[:, 0], side="right"),
    "looked up": lambda x: np.take(TABLE, (x > 0).sum(axis=1).clip(0, 3), axis=0),
    "known": lambda x: TABLE.view(Known).take((x > 0).sum(axis=1).clip(0, 3), axis=0),
    "pairs": lambda x: TABLE.view(Known)[(x[:, 0] > 0).astype(np.int64), (x[:, 1] > 0).astype(np.int64)],
    "own entry": lambda x: x[np.arange(len(x)), x.argmax(axis=1)],
    "along": lambda x: np.take_along_axis(x, x.argmax(axis=1)[:, None], axis=1),
    "counted": lambda x: x * np.arange(len(x))[:, None] + np.zeros(x.shape) + np.full(len(x), 2.0)[:, None],
    "like": lambda x: np.zeros_like(x) + np.ones_like(x) + np.broadcast_to(x[:, :1], x.shape),
    "slice": in_place(_slice),
    "column": in_place(_column),
    "listed": in_place(_listed),
    "masked": in_place(_masked),
    "through views": in_place(_through),
    "scattered": in_place(_scattered),
    "some of them": in_place(_some),
    "own entry set": in_place(_own),
    "out": in_place(_out),
}


def run(function: Callable[[Any], Any], x: Any) -> Any:
    graph = Graph("x")
    with traced(graph):
        found = lift(graph, function(Traced(graph, "x", np.float64, (STUDENTS, WIDTH))))
    kinds = {"float64": TensorProto.DOUBLE, "int64": TensorProto.INT64, "bool": TensorProto.BOOL}
    source = found.name  # the value of a view is one more node
    nodes = [*graph.nodes, helper.make_node("Identity", [source], ["y"])]
    given = [helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["B", WIDTH])]
    told = [helper.make_tensor_value_info("y", kinds[found.dtype.name], None)]
    whole = helper.make_graph(nodes, "g", given, told, graph.tensors)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("students", [1, 6])
def test_it_is_the_function_itself(name: str, students: int):
    assert_is_itself(run, name, students)


def assert_is_itself(runs: Callable[[Any, Any], Any], name: str, students: int) -> None:
    """What runs a function as a graph makes what the function itself does, in shape and values."""
    x = np.random.default_rng(students).normal(size=(students, WIDTH))
    expected = np.asarray(FUNCTIONS[name](x))
    found = runs(FUNCTIONS[name], x)
    assert found.shape == expected.shape
    assert np.allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda x: np.median(x, axis=1), "median has no operator yet"),
        (lambda x: np.arcsinh(x), "arcsinh has no operator yet"),
        (lambda x: float(x[0, 0]), "float"),
        (lambda x: x if x[:, 0] > 0 else -x, "no value to decide by"),
    ],
)
def test_what_cannot_be_traced_says_so(function: Callable[[Any], Any], told: str):
    with pytest.raises(TypeError, match=told):
        run(function, np.ones((2, WIDTH)))


def test_numpy_is_itself_again_afterwards():
    before = {name: getattr(np, name) for name in ("zeros", "ones", "empty", "full", "arange", "take")}
    with traced(Graph("x")):
        assert isinstance(np.zeros(STUDENTS), Traced)
        assert isinstance(np.zeros(3), np.ndarray)
    assert {name: getattr(np, name) for name in before} == before
